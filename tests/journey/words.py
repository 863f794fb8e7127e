"""What stands on buttons and pages, in both languages, as somebody reads it."""

from __future__ import annotations

from typing import Final

_TABLE: Final = {
    # The public page and the account.
    "apply": ("立即申请", "Apply now"),
    "register": ("注册", "Register"),
    "log_in": ("登录", "Log in"),
    "confirm": ("确认", "Confirm"),
    "phone": ("手机号", "Mobile phone"),
    "password": ("密码", "Password"),
    "code": ("验证码", "Code"),
    # The application.
    "which_kind": ("您是哪一类商户？", "What kind of merchant are you?"),
    "choose_micro": ("小微商户: 选这一类，开始填写", "Micro merchant: This is me, begin"),
    "choose_sole_trader": ("个体工商户: 选这一类，开始填写", "Sole trader: This is me, begin"),
    "choose_enterprise": ("企业: 选这一类，开始填写", "Company: This is me, begin"),
    "next": ("下一步", "Next"),
    "saved_draft": ("草稿已保存", "Draft saved"),
    "step_business": ("经营信息", "Business"),
    "step_person": ("负责人", "Person in charge"),
    "step_shop": ("门店", "Shop"),
    "step_account": ("结算账户", "Settlement account"),
    "step_papers": ("证件材料", "Papers"),
    "step_send": ("核对并提交", "Check and submit"),
    "send_fen": ("转入一分钱", "Send one fen"),
    "account_confirmed": ("账户已验证", "Account confirmed"),
    "ready_to_submit": ("可以提交了。", "It is ready to be submitted."),
    "choose_file": ("选择文件", "Choose a file"),
    "front_not_legible": (
        "身份证人像面：材料看不清",
        "Identity card, side with the portrait: A paper",
    ),
    "submit": ("提交申请", "Submit"),
    "submit_again": ("重新提交", "Submit again"),
    "in_review": ("人工审核中", "In review"),
    "correction_wanted": ("请补正", "Correction wanted"),
    "to_correct": ("更正并重新提交", "Correct and submit again"),
    "to_contract": ("阅读并签署合同", "Read and sign the contract"),
    # The contract.
    "contract": ("合同与费率", "Contract and fees"),
    "send_code": ("发送验证码", "Send a code"),
    "signer": ("签署人姓名", "Name of the signer"),
    "sms_code": ("短信验证码", "Code by SMS"),
    "sign": ("确认签署", "Sign"),
    "is_signed": ("合同已签署", "The contract is signed"),
    # The merchant's own pages.
    "operators": ("操作员", "Operators"),
    "add_operator": ("新增操作员", "Add an operator"),
    "number": ("号码", "Number"),
    "name": ("姓名", "Name"),
    "save": ("保存", "Save"),
    "told": ("已告知，关闭", "Told; close"),
    "terminals": ("终端", "Terminals"),
    "arrived": ("已收到", "It has arrived"),
    "activate": ("激活终端", "Activate a terminal"),
    "do_activate": ("激活", "Activate"),
    "to_terminal": ("查看终端", "Show the terminal"),
    "payments": ("交易", "Payments"),
    "more": ("更多", "More"),
    # The telephone.
    "voice_welcome": ("欢迎致电通宝终端激活", "Welcome to Tongbao terminal activation"),
    "voice_serial": ("序列号中的数字", "digits of the serial number"),
    "voice_terminal": ("八位终端号", "digits of the terminal number"),
    "voice_code": ("八位激活码", "digits of the code"),
    "voice_done": ("激活码已接受", "The code was accepted"),
    # The console.
    "menu": ("菜单", "Menu"),
    "applications": ("申请", "Applications"),
    "devices": ("设备", "Devices"),
    "take": ("接手", "Take"),
    "approve": ("通过", "Approve"),
    "send_back_for": ("退回补正", "Send back for correction"),
    "send_back": ("退回", "Send back"),
    "blurred": ("数字看不清", "The digits cannot be read"),
    "to_be_signed": ("待签约", "Contract to be signed"),
    "give": ("分配", "Give"),
    "fetch_key": ("让设备远程下载密钥", "Let it fetch its key over the line"),
    "sent": ("已寄出", "Sent"),
}
WORDS: Final = {name: {"zh": zh, "en": en} for name, (zh, en) in _TABLE.items()}
