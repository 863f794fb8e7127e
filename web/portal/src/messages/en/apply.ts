import type { activate as zhActivate, apply as zhApply } from "../zh/apply";

export const apply: typeof zhApply = {
  mine: "My applications",
  papers: {
    photo: "Photograph",
    choose: "Choose a file",
    replace: "Replace",
    remove: "Remove",
    sending: "Uploading",
    wrongType: "Only JPG and PNG pictures or PDF.",
    tooLarge: "The file is over 10 MB. Make it smaller or photograph it again.",
    emptyFile: "This file is empty.",
  },
  contract: { field: "Field for your signature", hint: "Sign here by hand", clear: "Sign again" },
};

export const activate: typeof zhActivate = {
  scan: "Scan",
  photo: "Photograph the code",
  camera: "Picture of the camera",
  noCamera: "The camera cannot be used. Photograph the code, or type it in.",
  noCode: "No code found in the photo. Go closer and try again, or type it in.",
  typeIt: "This browser cannot scan. Type the digits on the terminal's screen.",
};
