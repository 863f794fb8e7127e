export const publicPage = {
  nav: { prices: "费率", device: "选机型", steps: "怎么开通", apply: "立即申请", logIn: "登录", toPortal: "进入门户" },
  hero: {
    title: "刷卡、扫码、现金，一台终端都收下",
    lead: "在手机上填一张申请表，审核、签约、发货、激活都看得到进度。每一笔手续费都算得清。",
    apply: "立即申请",
    prices: "看费率",
    points: {
      times: "每一步都写明最长时限",
      words: "资料有误，会直说改哪里",
      fees: "费率只能经您签字才会变",
    },
  },
  steps: {
    title: "从申请到收款",
    lead: "不用出门，不用打电话催。",
    apply: { title: "申请", note: "选商户类型，拍照上传证件，随时保存草稿。" },
    review: { title: "审核", note: "先自动核对，再由人复核；要改的地方逐条说明。" },
    sign: { title: "签约", note: "在屏幕上读合同、手写签名，短信确认。" },
    ship: { title: "发货", note: "终端灌好密钥寄出，序列号可查。" },
    start: { title: "激活", note: "扫一下终端屏幕上的码，自检通过就能收款。" },
  },
  footer: {
    tag: "开源的收单平台与收银终端",
    staff: "收单机构员工入口",
    honest: "本系统为软件模型：密钥存储仿真硬件加密机，未经银联检测认证。",
  },
};
