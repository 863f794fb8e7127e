/** What the browser's tab says, by the name of the route. */
export const title = {
  public: "在线申请收款终端",
  missing: "没有这一页",
};
