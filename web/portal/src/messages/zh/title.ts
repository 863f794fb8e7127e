/** What the browser's tab says, by the name of the route. */
export const title = {
  public: "在线申请收款终端",
  missing: "没有这一页",
  unreachable: "网络不通",
  login: "登录",
  register: "注册",
  forgotten: "找回密码",
  reset: "设置新密码",
  invitation: "设置密码",
  choose: "选择商户",
  home: "首页",
  payments: "交易",
  payment: "交易详情",
  keys: "接口密钥",
};
