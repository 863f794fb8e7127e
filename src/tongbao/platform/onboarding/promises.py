"""Promised times: business hours of the reviewers and deadlines of the applicant. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from tongbao.domain.dates import CHINA_TIME, Instant
from tongbao.platform.bilingual import Words
from tongbao.platform.onboarding.states import State

OPENS: Final = time(9, 0)
CLOSES: Final = time(18, 0)
_DAY_US: Final = 86_400_000_000
_MINUTE_US: Final = 60_000_000
REMINDER_BEFORE_US: Final = 3 * _DAY_US


def _days(first: date, last: date) -> frozenset[date]:
    return frozenset(first + timedelta(n) for n in range((last - first).days + 1))


# Statutory holidays that the State Council announced for 2026; later years are added when they
# are announced, until then only week-ends and New Year are closed.
CLOSED_DAYS: Final[frozenset[date]] = frozenset().union(
    _days(date(2026, 1, 1), date(2026, 1, 3)),
    _days(date(2026, 2, 15), date(2026, 2, 23)),
    _days(date(2026, 4, 4), date(2026, 4, 6)),
    _days(date(2026, 5, 1), date(2026, 5, 5)),
    _days(date(2026, 6, 19), date(2026, 6, 21)),
    _days(date(2026, 9, 25), date(2026, 9, 27)),
    _days(date(2026, 10, 1), date(2026, 10, 7)),
    _days(date(2027, 1, 1), date(2027, 1, 1)),
)


def is_open(day: date) -> bool:
    """Return whether reviewers work on a day: no week-end, no holiday."""
    return day.weekday() < 5 and day not in CLOSED_DAYS


def after_business_minutes(start_us: int, minutes: int) -> int:
    """Return the moment when so many minutes of business time have passed since `start_us`."""
    at = Instant(start_us).local(CHINA_TIME)
    left = timedelta(minutes=minutes)
    while True:
        opens = datetime.combine(at.date(), OPENS, CHINA_TIME)
        closes = datetime.combine(at.date(), CLOSES, CHINA_TIME)
        at = max(at, opens)
        if is_open(at.date()) and at < closes:
            if left <= closes - at:
                return Instant.from_datetime(at + left).us
            left -= closes - at
        at = datetime.combine(at.date() + timedelta(1), OPENS, CHINA_TIME)


@dataclass(frozen=True, slots=True)
class Promise:
    """What is promised in a state: by whom, and how long it takes at most.

    `business_minutes` counts the reviewers' hours, `minutes` counts the clock; one of them is 0.
    """

    by_us: bool
    words: Words
    business_minutes: int = 0
    minutes: int = 0

    def due_us(self, since_us: int) -> int:
        """Return the moment by which it is due."""
        if self.business_minutes:
            return after_business_minutes(since_us, self.business_minutes)
        return since_us + self.minutes * _MINUTE_US


_DAY_MINUTES: Final = 24 * 60
PROMISES: Final[dict[State, Promise]] = {
    State.DRAFT: Promise(
        by_us=False,
        words=Words("草稿保存 30 天", "Drafts are kept for 30 days"),
        minutes=30 * _DAY_MINUTES,
    ),
    State.SUBMITTED: Promise(
        by_us=True,
        words=Words("自动核验 5 分钟内开始", "Checks begin within 5 minutes"),
        minutes=5,
    ),
    State.CHECKING: Promise(
        by_us=True,
        words=Words("自动核验 30 分钟内完成", "Checks end within 30 minutes"),
        minutes=30,
    ),
    State.IN_REVIEW: Promise(
        by_us=True,
        words=Words("8 个工作小时内答复", "An answer within 8 business hours"),
        business_minutes=8 * 60,
    ),
    State.CORRECTION_WANTED: Promise(
        by_us=False,
        words=Words("请在 15 天内补正", "Correct within 15 days"),
        minutes=15 * _DAY_MINUTES,
    ),
    State.APPROVED: Promise(
        by_us=True,
        words=Words("合同 2 个工作小时内生成", "The contract follows within 2 business hours"),
        business_minutes=2 * 60,
    ),
    State.CONTRACT_OFFERED: Promise(
        by_us=False,
        words=Words("请在 15 天内签署", "Sign within 15 days"),
        minutes=15 * _DAY_MINUTES,
    ),
}


def promised_at_us(state: State, since_us: int) -> int | None:
    """Return by when the next step is due in a state, or None when nothing is."""
    promise = PROMISES.get(state)
    return promise.due_us(since_us) if promise else None


def is_late(state: State, promised_us: int | None, now_us: int) -> bool:
    """Return whether we broke a promise of ours; the applicant's own deadlines are not late."""
    promise = PROMISES.get(state)
    return bool(promise and promise.by_us and promised_us is not None and now_us > promised_us)


def wants_reminder(state: State, promised_us: int | None, now_us: int) -> bool:
    """Return whether the applicant should be reminded: three days before a deadline of theirs."""
    promise = PROMISES.get(state)
    return bool(
        promise
        and not promise.by_us
        and promised_us is not None
        and promised_us - REMINDER_BEFORE_US <= now_us <= promised_us
    )


def has_expired(state: State, promised_us: int | None, now_us: int) -> bool:
    """Return whether the applicant let a deadline pass."""
    promise = PROMISES.get(state)
    return bool(promise and not promise.by_us and promised_us is not None and now_us > promised_us)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the progress page; `standing` is `done`, `now`, `later` or `stopped`."""

    key: str
    words: Words
    standing: str
    done_at_us: int | None = None
    promised_at_us: int | None = None
    is_late: bool = False


_STEPS: Final[tuple[tuple[str, Words, frozenset[State]], ...]] = (
    ("fill_in", Words("填写申请", "Fill in"), frozenset({State.DRAFT, State.CORRECTION_WANTED})),
    ("checks", Words("自动核验", "Checks"), frozenset({State.SUBMITTED, State.CHECKING})),
    ("review", Words("人工审核", "Review"), frozenset({State.IN_REVIEW})),
    ("contract", Words("签约", "Contract"), frozenset({State.APPROVED, State.CONTRACT_OFFERED})),
    ("terminal", Words("领取并激活终端", "Terminal"), frozenset({State.SIGNED, State.IN_FORCE})),
)


def steps_of(
    state: State, promised_us: int | None, reached_us: dict[State, int], now_us: int
) -> list[Step]:
    """Return the steps of the progress page; `reached_us` says when each state was last reached."""
    place = next((n for n, (_, _, states) in enumerate(_STEPS) if state in states), None)
    if place is None:  # refused, withdrawn, expired: stopped where it had come to
        place = max(
            (n for n, (_, _, states) in enumerate(_STEPS) if states & reached_us.keys()), default=0
        )
        stopped = True
    else:
        stopped = False
    steps = []
    for number, (key, words, _) in enumerate(_STEPS):
        following = _STEPS[number + 1][2] if number + 1 < len(_STEPS) else frozenset()
        done = [reached_us[one] for one in following if one in reached_us]
        standing = "done" if number < place else "now" if number == place else "later"
        now = number == place
        steps.append(
            Step(
                key=key,
                words=words,
                standing="stopped" if now and stopped else standing,
                done_at_us=min(done) if number < place and done else None,
                promised_at_us=promised_us if now and not stopped else None,
                is_late=now and is_late(state, promised_us, now_us),
            )
        )
    return steps
