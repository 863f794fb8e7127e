"""What can be wrong with papers, by machine and by eye. Pure table."""

from __future__ import annotations

from tongbao.platform.onboarding.finding_kinds import correct, final, seen
from tongbao.platform.onboarding.tiers import PAPER_WORDS, PaperKind

PAPERS = (
    correct(
        "paper_empty", "papers", "文件是空的，请重新拍照上传。", "The file is empty; upload again."
    ),
    correct(
        "paper_type",
        "papers",
        "只接受 JPEG、PNG 图片或 PDF，请转换后上传。",
        "Upload a JPEG or PNG picture or a PDF.",
    ),
    correct(
        "paper_not_what_it_says",
        "papers",
        "文件内容与扩展名不符，请上传原始照片。",
        "The file is not what its name says; upload the original picture.",
    ),
    correct(
        "paper_damaged",
        "papers",
        "文件打不开，可能上传中断，请重新上传。",
        "The file cannot be opened, perhaps the upload broke off; upload again.",
    ),
    correct(
        "paper_too_large",
        "papers",
        "文件超过 8 MB，请压缩或重新拍照。",
        "The file is larger than 8 MB; make it smaller or take another picture.",
    ),
    correct(
        "paper_too_many_pixels",
        "papers",
        "图片超过 5000 万像素，请缩小后上传。",
        "The picture has more than 50 million pixels; make it smaller.",
    ),
    correct(
        "paper_too_small",
        "papers",
        "图片太小看不清，短边至少 600 像素，请靠近重拍。",
        "The picture is too small to read: the shorter side needs 600 pixels, go nearer.",
    ),
    correct(
        "paper_blank",
        "papers",
        "图片几乎是单色，没有拍到内容，请重拍。",
        "The picture is of one colour and shows nothing; take it again.",
    ),
    correct(
        "paper_pdf_locked",
        "papers",
        "PDF 有密码，请去掉密码后上传。",
        "The PDF needs a password; remove it and upload again.",
    ),
    correct(
        "paper_kind_not_wanted",
        "papers",
        "这种商户类型不需要该材料，请查看材料清单。",
        "This tier does not need such a paper; see the list of papers.",
    ),
    correct(
        "paper_same_twice",
        "papers",
        "两项材料是同一张图片，请各拍一张。",
        "Two papers are the same picture; take one of each.",
    ),
    correct(
        "papers_too_many",
        "papers",
        "一份申请最多 30 个文件，请先删除不用的。",
        "An application holds at most 30 files; remove what is not needed.",
    ),
    *(
        correct(
            f"paper_missing_{kind.value}",
            f"paper.{kind.value}",
            f"缺少{PAPER_WORDS[kind][0].zh}，请上传。{PAPER_WORDS[kind][1].zh}",
            f"Missing: {PAPER_WORDS[kind][0].en}. {PAPER_WORDS[kind][1].en}",
        )
        for kind in PaperKind
        if kind is not PaperKind.OTHER
    ),
)
REVIEW = (
    seen(
        "paper_not_legible",
        "papers",
        "材料看不清，请在光线好的地方重拍，不要反光。",
        "A paper cannot be read; take it again in good light without reflections.",
    ),
    seen(
        "paper_cropped",
        "papers",
        "材料边角不完整，请拍全四个角。",
        "A paper is cut off; all four corners must show.",
    ),
    seen(
        "paper_is_a_copy",
        "papers",
        "这是复印件或翻拍，请拍摄原件。",
        "This is a copy or a picture of a screen; photograph the original.",
    ),
    seen(
        "paper_wrong_kind",
        "papers",
        "上传的不是所要求的材料，请对照清单重新上传。",
        "This is another paper than the one asked for; upload the right one.",
    ),
    seen(
        "licence_differs",
        "registered_name",
        "填写内容与营业执照不一致，请逐项照执照更正。",
        "What was typed differs from the licence; correct it.",
    ),
    seen(
        "id_differs",
        "legal_person",
        "填写内容与身份证不一致，请更正。",
        "What was typed differs from the identity card; correct it.",
    ),
    seen(
        "account_differs",
        "account_number",
        "填写的账户与开户许可证或银行卡不一致，请更正。",
        "The account differs from the permit or card; correct it.",
    ),
    seen(
        "shop_front_no_sign",
        "paper.shop_front",
        "门头照里看不到招牌，请站远一点重拍。",
        "No sign can be seen; step back and take the picture again.",
    ),
    seen(
        "shop_not_this_business",
        "paper.shop_inside",
        "照片里的经营内容与所选类别不符，请更正类别或重拍。",
        "The pictures show another business than the category; correct one of them.",
    ),
    seen(
        "permit_wanted",
        "paper.practice_permit",
        "该行业需要许可证，请上传。",
        "This trade needs a permit; upload it.",
    ),
    seen(
        "explanation_wanted",
        "owner",
        "请按审核员的说明补充材料。",
        "Add what the reviewer asks for in the note.",
    ),
    final(
        "refused_not_genuine",
        "owner",
        "材料经核实不真实，不能接入。如有异议可书面申诉。",
        "The papers were found not to be genuine. You may appeal in writing.",
    ),
    final(
        "refused_trade",
        "mcc",
        "实际经营的行业不能接入收单服务。",
        "The business itself is one that we cannot serve.",
    ),
    final(
        "refused_listed",
        "legal_person",
        "经核对，身份与风险名单一致，不能接入。如有异议可书面申诉。",
        "The identity was confirmed to be on a risk list. You may appeal in writing.",
    ),
    final(
        "refused_no_place",
        "shop_address",
        "没有真实的经营场所，不能接入。有场所后可重新申请。",
        "There is no real place of business. Apply again when there is one.",
    ),
)
