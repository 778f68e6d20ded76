"""Whose a course is on a real platform: by its organisation and the site that claims it."""

from .guard import require

require("lms")

from django.contrib.sites.models import Site  # noqa: E402
from django.test import TestCase  # noqa: E402
from django.test.utils import override_settings  # noqa: E402
from openedx.core.djangoapps.site_configuration.models import SiteConfiguration  # noqa: E402

from microcred_xblock import compat  # noqa: E402
from microcred_xblock.issuance import issuers  # noqa: E402

NAMED = {name: {"name": name.title()} for name in ("north", "acme", "main")}


@override_settings(MICROCRED_ISSUERS=NAMED, MICROCRED_ISSUER={"name": "x"}, MICROCRED_PUBLIC_BASE_URL="https://a.example")
class TestSites(TestCase):
    def setUp(self):
        super().setUp()
        self.main = Site.objects.get_current()
        self.north = Site.objects.create(domain="Learn.North.example", name="north")
        SiteConfiguration.objects.create(
            site=self.north, enabled=True, site_values={"course_org_filter": ["NorthX", "PolarX"]}
        )

    def test_the_site_that_claims_the_organisation(self):
        assert compat.site_of("PolarX") == "Learn.North.example"

    def test_the_platform_s_own_where_none_claims_it(self):
        for org in ("AcmeX", "North", ""):
            assert compat.site_of(org) == self.main.domain

    def test_who_awards(self):
        issuers.assign("site", self.main.domain, "main")
        issuers.assign("site", "learn.north.EXAMPLE", "north")
        issuers.assign("organisation", "AcmeX", "acme")
        for course, key in (
            ("course-v1:NorthX+a+1", "north"), ("course-v1:AcmeX+a+1", "acme"), ("course-v1:OtherX+a+1", "main"),
        ):
            assert issuers.key_for(course) == key
