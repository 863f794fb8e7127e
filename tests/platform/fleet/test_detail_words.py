"""What a self-test says of itself, read in either language."""

import pytest
from django.utils.translation import override

from tongbao.platform.fleet.detail_words import detail_words


@pytest.mark.usefixtures("django_sqlite")
@pytest.mark.parametrize(
    ("detail", "zh", "en"),
    [
        ("person", "本人确认", "confirmed by a person"),
        ("384 dots, 1 code", "384 点，读回 1 个码", "384 dots, 1 code"),
        ("virtual scanner", "模拟扫码", "virtual scanner"),
        (
            "platform 95 ms, host 7 ms",
            "平台 95 毫秒，主机 7 毫秒",
            "platform 95 ms, host 7 ms",
        ),
        ("66305 MiB free", "剩余 66305 MiB", "66305 MiB free"),
        ("approved, 2 slips", "成功，2 张小票", "approved, 2 slips"),
        ("TMK KCV 954920", "TMK KCV 954920", "TMK KCV 954920"),
        ("person 2", "person 2", "person 2"),
    ],
)
def test_a_known_form_is_told_in_words_and_another_as_it_was_written(detail, zh, en):
    with override("zh-hans"):
        assert detail_words(detail) == zh
    with override("en"):
        assert detail_words(detail) == en
