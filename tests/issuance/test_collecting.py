"""An offer holds for minutes, for one wallet, once; and the page says what became of it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from microcred_xblock.domain.errors import InvalidAnswer, NotAllowed, NotReady
from microcred_xblock.issuance import api, collecting, ledger, models, outbox, privacy, status

pytestmark = pytest.mark.django_db
CHANNEL = collecting.Channel.OPENID4VCI


@pytest.fixture
def award(issued):
    return models.Award.objects.get(pk=issued)


def make(award, channel=CHANNEL, **more):
    return collecting.make(award, channel, now=more.pop("now", timezone.now()), **more)


def refusal(work, *args, **more):
    with pytest.raises(NotAllowed) as error:
        work(*args, **{"now": timezone.now(), **more})
    return error.value.code


def shown(award, channel=CHANNEL):
    panel = api.panel(award.learner_id, award.pill.pill_id)
    return next((item.state for item in panel.offers if item.channel == channel), None)


def test_an_offer_is_redeemed_once(award):
    made = make(award)
    row, token = collecting.redeem(made.secret, CHANNEL, now=timezone.now())
    assert row.award_id == award.pk
    assert collecting.by_token(token, CHANNEL, now=timezone.now()).pk == row.pk
    assert refusal(collecting.redeem, made.secret, CHANNEL) == "offer-used"
    assert refusal(collecting.find, made.secret, CHANNEL) == "offer-used"


def test_no_secret_is_stored(award):
    made = make(award, with_code=True)
    _, token = collecting.redeem(made.secret, CHANNEL, tx_code=made.tx_code, now=timezone.now())
    stored = str(models.WalletOffer.objects.values().get())
    assert not any(secret in stored for secret in (made.secret, made.tx_code, token))
    assert made.secret not in repr(made) and made.tx_code not in repr(made)


def test_it_is_over_after_ten_minutes_and_the_token_after_five(award):
    made, late = make(award), timezone.now() + collecting.LASTS
    assert refusal(collecting.find, made.secret, CHANNEL, now=late) == "offer-expired"
    _, token = collecting.redeem(made.secret, CHANNEL, now=timezone.now())
    late = timezone.now() + collecting.TOKEN_LASTS
    assert refusal(collecting.by_token, token, CHANNEL, now=late) == "offer-token"


def test_another_channel_does_not_know_it(award):
    made = make(award)
    assert refusal(collecting.find, made.secret, collecting.Channel.VC_API) == "offer-unknown"


@pytest.mark.parametrize("channel", list(collecting.Channel))
def test_a_channel_that_the_admin_closes_is_closed_at_once(award, settings, channel):
    begun = make(award, channel)
    _, token = collecting.redeem(begun.secret, channel, now=timezone.now())
    assert collecting.by_token(token, channel, now=timezone.now())
    settings.MICROCRED_OFFERS = [other for other in collecting.channels() if other != channel]
    for work, secret in ((collecting.by_token, token), (collecting.find, begun.secret),
                         (collecting.redeem, begun.secret)):
        assert refusal(work, secret, channel) == "offer-channel"


def test_taking_back_the_line_of_the_ledger_ends_the_offers_of_that_way(award):
    begun = make(award)
    _, token = collecting.redeem(begun.secret, CHANNEL, now=timezone.now())
    other = make(award, collecting.Channel.VC_API)
    line = award.consents.get(recipient="offer:openid4vci", active=True)
    ledger.withdraw(award.learner_id, line.pk, now=timezone.now())
    assert refusal(collecting.by_token, token, CHANNEL) == "offer-token"
    assert refusal(collecting.find, begun.secret, CHANNEL) == "offer-unknown"
    assert collecting.find(other.secret, collecting.Channel.VC_API, now=timezone.now())
    again = make(award)
    assert collecting.find(again.secret, CHANNEL, now=timezone.now())
    assert award.consents.filter(recipient="offer:openid4vci", active=True).count() == 1


def test_a_new_offer_ends_the_former_one_and_its_token(award):
    former = make(award)
    _, token = collecting.redeem(former.secret, CHANNEL, now=timezone.now())
    other = make(award, collecting.Channel.VC_API)
    make(award)
    assert refusal(collecting.by_token, token, CHANNEL) == "offer-token"
    assert collecting.find(other.secret, collecting.Channel.VC_API, now=timezone.now())


def test_the_code_is_asked_for_and_guessing_ends_the_offer(award):
    made = make(award, with_code=True)
    assert len(made.tx_code) == 6 and made.tx_code.isdigit()
    wrong = "000000" if made.tx_code != "000000" else "000001"
    for _ in range(collecting.MOST_TRIES):
        assert refusal(collecting.redeem, made.secret, CHANNEL, tx_code=wrong) == "offer-code"
    assert refusal(collecting.redeem, made.secret, CHANNEL, tx_code=made.tx_code) == "offer-unknown"
    assert shown(award) == "failed"


def test_guesses_at_the_same_moment_are_no_more_than_the_others(award, monkeypatch):
    """All have read the offer before the first of them is counted."""
    made = make(award, with_code=True)
    wrong = "000000" if made.tx_code != "000000" else "000001"
    seen = collecting.find(made.secret, CHANNEL, now=timezone.now())
    monkeypatch.setattr(collecting, "find", lambda *_args, **_more: seen)
    codes = [refusal(collecting.redeem, made.secret, CHANNEL, tx_code=wrong) for _ in range(collecting.MOST_TRIES - 1)]
    assert set(codes) == {"offer-code"}
    assert refusal(collecting.redeem, made.secret, CHANNEL, tx_code=wrong) == "offer-code"
    models.WalletOffer.objects.update(ended_at=None)  # what ends it may come a moment later
    assert refusal(collecting.redeem, made.secret, CHANNEL, tx_code=made.tx_code) == "offer-unknown"


def test_the_last_try_may_be_the_right_one(award):
    made = make(award, with_code=True)
    for _ in range(collecting.MOST_TRIES - 1):
        refusal(collecting.redeem, made.secret, CHANNEL, tx_code="")
    assert collecting.redeem(made.secret, CHANNEL, tx_code=made.tx_code, now=timezone.now())


def test_the_page_says_what_became_of_it(award):
    assert shown(award) is None
    made = make(award)
    assert shown(award) == "open"
    row, _ = collecting.redeem(made.secret, CHANNEL, now=timezone.now())
    assert shown(award) == "started"
    collecting.collected(row, now=timezone.now())
    assert shown(award) == "collected"
    made = make(award, now=timezone.now() - collecting.LASTS)
    assert shown(award) == "over"


def test_it_is_offered_as_the_admin_says(award, settings):
    panel = api.panel(award.learner_id, award.pill.pill_id)
    assert panel.channels == ("openid4vci", "vc-api")
    settings.MICROCRED_OFFERS = ["vc-api"]
    assert api.panel(award.learner_id, award.pill.pill_id).channels == ("vc-api",)
    with pytest.raises(InvalidAnswer):
        make(award)


def test_nothing_is_offered_before_it_is_issued(award_id, learner):
    award = models.Award.objects.get(pk=award_id)
    assert api.panel(learner.id, award.pill.pill_id).channels == ()
    assert refusal(collecting.make, award, CHANNEL) == "consent-missing"
    api.consent(award_id, learner, digest=api.payload(award_id, learner).digest)  # and nobody signs
    with pytest.raises(NotReady):
        make(award)


@pytest.mark.parametrize("why", ["suspended", "expired", "withdrawn"])
def test_nothing_is_offered_of_what_does_not_count(award, why, learner):
    made, now = make(award), timezone.now()
    if why == "suspended":
        status.suspend(award, reason="integrity", actor="test", now=now)
    elif why == "expired":
        models.Award.objects.filter(pk=award.pk).update(expires_at=now)
    else:
        api.withdraw(str(award.pk), learner.id)
        assert refusal(collecting.find, made.secret, CHANNEL) == "offer-unknown"
    assert api.panel(award.learner_id, award.pill.pill_id).channels == () and shown(award) == "over"
    assert refusal(collecting.make, award, CHANNEL).startswith(("award-", "consent-"))


def test_the_ledger_says_it_once(award):
    make(award)
    make(award)
    line = award.consents.get(purpose="share")
    assert line.recipient == "offer:openid4vci" and line.active
    assert line.payload_digest == award.consents.get(purpose="issue").payload_digest


def test_the_ledger_has_a_line_for_each_payload(award):
    make(award)
    award.consents.filter(purpose="issue").update(payload_digest="f" * 64)
    make(award)
    former, line = award.consents.filter(purpose="share").order_by("pk")
    assert former.active is None and former.withdrawn_at and former.payload_digest != line.payload_digest
    assert line.active and line.payload_digest == "f" * 64


def test_a_learner_offers_only_so_often(award, learner, settings):
    settings.MICROCRED_API_RATES = {"offer": "2/h"}
    codes = []
    for _ in range(3):
        try:
            codes.append(api.offer(str(award.pk), learner.id, CHANNEL).channel)
        except NotAllowed as error:
            codes.append(error.code)
    assert codes == [CHANNEL, CHANNEL, "api-rate"]


def test_an_offer_says_where_a_wallet_goes_on(award, learner):
    found = api.offer(str(award.pk), learner.id, collecting.Channel.VC_API)
    assert found.uri.startswith("http://localhost:8000/microcred/interactions/") and found.uri.endswith("?iuv=1")
    found = api.offer(str(award.pk), learner.id, CHANNEL, with_code=True)
    assert found.uri.startswith("openid-credential-offer://?credential_offer_uri=http%3A%2F%2Flocalhost%3A8000%2F")
    with pytest.raises(NotAllowed):
        api.offer(str(award.pk), "somebody else", CHANNEL)


def test_a_day_later_it_is_forgotten(award):
    make(award, now=timezone.now() - timedelta(days=1, minutes=11))
    outbox.sweep(timezone.now())
    assert not models.WalletOffer.objects.exists()


def test_retirement_takes_it(award, learner):
    make(award)
    assert privacy.export(learner.id)["awards"][0]["offers_to_wallets"][0]["channel"] == CHANNEL
    privacy.retire(learner.id, now=timezone.now())
    assert not models.WalletOffer.objects.exists()
