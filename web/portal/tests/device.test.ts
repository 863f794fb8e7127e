import { expect, test } from "vitest";
import { deviceName } from "../src/device";

test.each([
  ["Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36", "Chrome · Linux"],
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) AppleWebKit/605.1 Version/18.0 Mobile Safari/604.1", "Safari · iPhone"],
  ["Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge · Windows"],
  ["Mozilla/5.0 (Linux; Android 14) Chrome/140 Mobile MicroMessenger/8.0", "WeChat · Android"],
  ["shop-robot/1.0", "shop-robot/1.0"],
])("a browser is called by its name: %s", (signature, words) => {
  expect(deviceName(signature)).toBe(words);
});
