export const apply = {
  mine: "我的申请",
  papers: {
    photo: "拍照",
    choose: "选择文件",
    replace: "换一份",
    remove: "移除",
    sending: "正在上传",
    wrongType: "只接受 JPG、PNG 图片或 PDF。",
    tooLarge: "文件超过 10 MB，请压缩或重新拍摄。",
    emptyFile: "这个文件是空的。",
  },
  contract: { field: "手写签名处", hint: "请在此手写签名", clear: "重写" },
};

export const activate = {
  scan: "扫码",
  photo: "拍下二维码",
  camera: "摄像头画面",
  noCamera: "用不了摄像头。请拍下二维码，或手工输入。",
  noCode: "照片里没有找到二维码，请靠近些再拍，或手工输入。",
  typeIt: "这个浏览器不能扫码，请按终端屏幕上的数字输入。",
};
