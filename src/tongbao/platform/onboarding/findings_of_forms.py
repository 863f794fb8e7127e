"""What can be wrong with what was typed, with the account and with the register. Pure table."""

from __future__ import annotations

from tongbao.platform.onboarding.finding_kinds import correct, hint

FORM = (
    correct(
        "name_missing", "name", "请填写商户简称，会印在小票上。", "Enter the name for the slip."
    ),
    correct(
        "name_too_long",
        "name",
        "商户简称最多 40 个字，请缩短。",
        "Shorten the name to 40 characters.",
    ),
    correct(
        "registered_name_missing",
        "registered_name",
        "请按营业执照填写注册名称。",
        "Enter the registered name as on the licence.",
    ),
    correct(
        "registered_name_characters",
        "registered_name",
        "注册名称含有特殊符号，请照营业执照逐字填写。",
        "The registered name holds odd signs; copy it from the licence letter by letter.",
    ),
    correct(
        "credit_code_missing",
        "credit_code",
        "请填写营业执照上的 18 位统一社会信用代码。",
        "Enter the 18-character credit code from the licence.",
    ),
    correct(
        "credit_code_malformed",
        "credit_code",
        "统一社会信用代码应为 18 位数字和大写字母（不含 I、O、S、V、Z），请对照执照。",
        "A credit code has 18 digits and capital letters (no I, O, S, V, Z); compare the licence.",
    ),
    correct(
        "credit_code_check_digit",
        "credit_code",
        "统一社会信用代码校验不通过，有一位抄错了，请对照执照逐位检查。",
        "The credit code's check digit is wrong: one character was mistyped, compare the licence.",
    ),
    correct(
        "credit_code_not_sole_trader",
        "credit_code",
        "这不是个体工商户的代码（应以 92 开头）。公司请选择“企业”。",
        "This is no sole trader's code (it begins with 92). A company applies as an enterprise.",
    ),
    correct(
        "credit_code_is_sole_trader",
        "credit_code",
        "这是个体工商户的代码（以 92 开头），请改选“个体工商户”。",
        "This is a sole trader's code (it begins with 92); apply as a sole trader.",
    ),
    correct(
        "licence_expiry_missing",
        "licence_expires",
        "请填写营业执照有效期，长期有效请勾选“长期”。",
        "Enter until when the licence is valid, or tick “no end”.",
    ),
    correct(
        "licence_expired",
        "licence_expires",
        "营业执照已过期，请换发后上传新的照片并更新日期。",
        "The licence has expired; renew it, then upload the new one and its date.",
    ),
    correct(
        "licence_expires_soon",
        "licence_expires",
        "营业执照 30 天内到期，请先换发，以免审核中失效。",
        "The licence expires within 30 days; renew it first.",
    ),
    correct(
        "licence_not_begun",
        "licence_begins",
        "营业执照的成立日期在今天之后，请核对日期。",
        "The licence begins in the future; check the date.",
    ),
    correct(
        "legal_person_missing",
        "legal_person",
        "请填写法定代表人或经营者姓名。",
        "Enter the name of the legal person or owner.",
    ),
    correct(
        "legal_person_characters",
        "legal_person",
        "姓名应为中文，少数民族姓名用间隔号“·”，请照身份证填写。",
        "Write the name in Chinese characters as on the identity card; “·” may part it.",
    ),
    correct(
        "resident_id_missing",
        "resident_id",
        "请填写法定代表人或经营者的身份证号码。",
        "Enter the resident id of the legal person or owner.",
    ),
    correct(
        "resident_id_malformed",
        "resident_id",
        "身份证号码应为 17 位数字加 1 位数字或 X，请核对位数。",
        "A resident id has 17 digits and one digit or X; count again.",
    ),
    correct(
        "resident_id_check_digit",
        "resident_id",
        "身份证号码最后一位校验不通过，有一位抄错了。",
        "The resident id's check digit is wrong: one digit was mistyped.",
    ),
    correct(
        "resident_id_date",
        "resident_id",
        "身份证号码里的出生日期或地区不存在，请对照原件。",
        "The resident id holds a birth date or region that does not exist; compare the card.",
    ),
    correct(
        "owner_under_age",
        "resident_id",
        "经营者未满 18 周岁，请由成年的经营者申请。",
        "The owner is under 18; an adult has to apply.",
    ),
    correct(
        "id_expiry_missing",
        "id_expires",
        "请填写身份证有效期，长期有效请勾选“长期”。",
        "Enter until when the identity card is valid, or tick “no end”.",
    ),
    correct(
        "id_expired",
        "id_expires",
        "身份证已过期，请换证后重新上传正反面。",
        "The identity card has expired; renew it and upload both sides again.",
    ),
    correct(
        "id_term_impossible",
        "id_expires",
        "身份证有效期应为 5 年、10 年、20 年或长期，请核对起止日期。",
        "An identity card is valid for 5, 10 or 20 years or without end; check both dates.",
    ),
    correct(
        "phone_malformed",
        "contact_phone",
        "联系电话请填 11 位手机号，用于接收通知和签约验证码。",
        "Enter a mobile number of 11 digits; notices and the signing code go there.",
    ),
    correct(
        "email_malformed",
        "contact_email",
        "邮箱格式不对，请检查，例如 name@example.com。",
        "This is no e-mail address; it looks like name@example.com.",
    ),
    correct(
        "shop_name_missing", "shop_name", "请填写门店或摊位名称。", "Enter the name of the shop."
    ),
    correct(
        "shop_city_missing", "shop_city", "请选择门店所在城市。", "Choose the city of the shop."
    ),
    correct(
        "shop_address_incomplete",
        "shop_address",
        "地址不完整：请写到路名门牌号或市场摊位号。",
        "The address is not complete: give street and number, or market and stall.",
    ),
    correct(
        "shop_place_impossible",
        "shop_place",
        "定位不在中国境内，请在地图上重新选点。",
        "The position is not in China; set it again.",
    ),
    correct("category_missing", "mcc", "请选择经营类别。", "Choose the category of the business."),
    correct(
        "category_unknown",
        "mcc",
        "没有这个经营类别，请从列表中选择。",
        "There is no such category; choose from the list.",
    ),
    correct(
        "category_forbidden",
        "mcc",
        "该行业不能接入收单服务。若选错了，请改选实际经营的类别。",
        "We cannot serve this trade. If it was chosen by mistake, choose the true one.",
    ),
    correct(
        "category_not_for_tier",
        "mcc",
        "您选择的商户类型不能经营该类别，请换类别，或换商户类型申请。",
        "This tier cannot have this category; choose another category or apply as another tier.",
    ),
    correct(
        "turnover_missing",
        "monthly_turnover_minor",
        "请填写预计每月收款金额。",
        "Enter the turnover that you expect a month.",
    ),
    correct(
        "turnover_above_tier",
        "monthly_turnover_minor",
        "预计收款超过该商户类型的每月限额，请改用上一级类型申请。",
        "The turnover is above this tier's monthly limit; apply as the next tier.",
    ),
)
ACCOUNT = (
    correct(
        "account_kind_not_for_tier",
        "account_kind",
        "这种商户类型不能用该类账户：企业须用对公账户，小微须用本人银行卡。",
        "This tier cannot use such an account: a company needs a corporate one, a micro merchant "
        "the owner's card.",
    ),
    correct(
        "account_holder_missing", "account_holder", "请填写户名。", "Enter the account's holder."
    ),
    correct(
        "account_holder_not_company",
        "account_holder",
        "对公账户户名须与营业执照注册名称完全一致，请核对括号和全称。",
        "The holder of a corporate account must be the registered name, letter by letter.",
    ),
    correct(
        "account_holder_not_owner",
        "account_holder",
        "个人账户须为经营者本人所有，户名要与经营者姓名一致。",
        "A personal account must be the owner's own; the names must be the same.",
    ),
    correct(
        "account_bank_missing", "account_bank", "请填写开户银行。", "Enter the bank of the account."
    ),
    correct(
        "account_bank_code_malformed",
        "account_bank_code",
        "联行号应为 12 位数字，可在开户行查询；不知道可以留空。",
        "A bank's payment number has 12 digits; leave it empty if you do not know it.",
    ),
    correct(
        "account_number_missing", "account_number", "请填写账号。", "Enter the account number."
    ),
    correct(
        "account_number_malformed",
        "account_number",
        "账号格式不对：银行卡 16 至 19 位数字，对公账户 8 至 32 位数字。",
        "A bank card has 16 to 19 digits, a corporate account 8 to 32.",
    ),
    correct(
        "account_number_check_digit",
        "account_number",
        "银行卡号校验不通过，有一位抄错了，请对照卡面。",
        "The card number's check digit is wrong: one digit was mistyped, compare the card.",
    ),
    correct(
        "account_name_mismatch",
        "account_holder",
        "银行说户名与账号不符，请核对户名和账号。",
        "The bank says that this number is not this holder's; check both.",
    ),
    correct(
        "account_unknown",
        "account_number",
        "银行说没有这个账号，请核对账号。",
        "The bank knows no such account; check the number.",
    ),
    correct(
        "account_closed",
        "account_number",
        "该账户已销户，请换一个正常的账户。",
        "The account is closed; give another one.",
    ),
    correct(
        "deposit_unconfirmed",
        "deposit_code",
        "我们向账户打了一分钱，请查看附言中的 6 位数字并填写。",
        "We sent one fen to the account; enter the six digits in its remark.",
    ),
)
REGISTER = (
    correct(
        "already_a_merchant",
        "credit_code",
        "该信用代码已有商户号。请登录后在商户里增加门店，不必重新申请。",
        "This credit code has a merchant number already. Log in and add a shop instead.",
    ),
    correct(
        "micro_already_a_merchant",
        "resident_id",
        "该经营者已有一个小微商户号，一人只能办一个；可办理执照后升级。",
        "This person is a micro merchant already; one each. With a licence you can move up.",
    ),
    hint(
        "name_resembles_listed",
        "legal_person",
        "姓名或名称与关注名单相似，请审核员核对身份后写明结论。",
        "A name resembles one on a list; compare identities and note the conclusion.",
    ),
    hint(
        "paper_used_elsewhere",
        "papers",
        "同一张照片出现在另一份申请里，请审核员比对两份申请。",
        "The same picture stands in another application; compare both.",
    ),
    hint(
        "reading_differs",
        "papers",
        "机器识别的内容与填写不一致，仅供审核员参考。",
        "What a machine read differs from what was typed; for the reviewer's eyes only.",
    ),
    hint(
        "several_applications",
        "owner",
        "同一申请人 30 天内提交了多份申请。",
        "The same person has sent several applications within 30 days.",
    ),
)
