export const account = {
  title: "账号与安全",
  menu: "账号",
  logOut: "退出登录",
};

export const role = {
  owner: "负责人",
  manager: "经理",
  accountant: "财务",
  support: "客服",
  read_only: "只读",
  custom: "自定义",
};
