/** 操作员：首次密码、锁屏、功能密码、操作员管理。 */

export const people = {
  lock: {
    title: "已锁定",
    note: "请操作员 {no} 输入密码解锁；主管也可以用自己的号码登录。",
    open: "解锁",
  },
  ownPin: {
    firstTitle: "请设置自己的密码",
    firstNote: "操作员 {no}：初始密码别人知道。请换成只有您自己知道的4至8位密码，然后开始收款。",
    changeTitle: "修改密码",
    changeNote: "操作员 {no}：先输入现在的密码，再输入两次新密码。",
    old: "现在的密码",
    new: "新密码",
    again: "再输一次",
    submit: "保存密码",
    next: "下一步",
    leave: "退出",
    differs: "两次输入的新密码不一致，请重新输入。",
    changed: "密码已修改。",
  },
};
export type People = typeof people;
