"""The catalogue of skills that authors choose from: concepts, what each is called in a language, and its words."""

from django.db import models
from django.utils import timezone


class Skill(models.Model):
    """A concept of a framework. ``key`` is the digest of ``uri``: databases differ in whether ``a`` equals ``A``.

    ``kind`` and ``reuse`` are those of the domain's outcomes, or empty where the framework's files do not say them.
    A concept that the framework has given up is ``obsolete``: pills refer to it, so it stays.

    .. no_pii:
    """

    class Kind(models.TextChoices):
        KNOWLEDGE = "knowledge", "Knowledge"
        SKILL = "skill", "Skill"

    class Reuse(models.TextChoices):
        TRANSVERSAL = "transversal", "Transversal"
        CROSS_SECTOR = "cross-sector", "Cross-sector"
        SECTOR = "sector-specific", "Sector-specific"
        OCCUPATION = "occupation-specific", "Occupation-specific"

    key = models.CharField(max_length=64, unique=True, editable=False)
    uri = models.CharField(max_length=2_000, verbose_name="address")
    framework = models.CharField(max_length=100, db_index=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, blank=True, default="")
    reuse = models.CharField(max_length=20, choices=Reuse.choices, blank=True, default="")
    obsolete = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.uri


class SkillText(models.Model):
    """What a concept is called in one language. ``alternatives`` has one label a line; ``folded`` is ``label`` without
    case and accents, as far as it is searched in.

    .. no_pii:
    """

    skill = models.ForeignKey(Skill, on_delete=models.CASCADE, related_name="texts")
    language = models.CharField(max_length=10)
    label = models.CharField(max_length=500)
    alternatives = models.TextField(blank=True, default="")
    description = models.TextField(blank=True, default="")
    folded = models.CharField(max_length=200, editable=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["skill", "language"], name="microcred_one_skill_text"),)
        indexes = (models.Index(fields=["language", "folded", "skill"], name="microcred_skill_folded"),)

    def __str__(self) -> str:
        return self.label


class SkillWord(models.Model):
    """A word of a concept's text, folded: what is searched. A text has each word once; an obsolete concept has none.

    ``rank``: 0 the label begins with it, 1 it stands elsewhere in the label, 2 in an alternative label.
    ``length`` is the label's. A search reads only the index.

    .. no_pii:
    """

    skill = models.ForeignKey(Skill, on_delete=models.CASCADE, related_name="words")
    language = models.CharField(max_length=10)
    word = models.CharField(max_length=40)
    rank = models.PositiveSmallIntegerField()
    length = models.PositiveSmallIntegerField()

    class Meta:
        indexes = (
            models.Index(  # of the kind that PostgreSQL can find the beginning of a word in, whatever its collation
                fields=["language", "word", "rank", "length", "skill"], name="microcred_skill_word",
                opclasses=["varchar_pattern_ops", "varchar_pattern_ops", "int2_ops", "int2_ops", "int8_ops"],
            ),
        )

    def __str__(self) -> str:
        return self.word


class SkillImport(models.Model):
    """The last time that a framework's texts in one language came from a file.

    .. no_pii:
    """

    framework = models.CharField(max_length=100)
    language = models.CharField(max_length=10)
    source = models.CharField(max_length=255, help_text="The file's name.")
    concepts = models.PositiveIntegerField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "import of skills"
        verbose_name_plural = "imports of skills"
        constraints = (models.UniqueConstraint(fields=["framework", "language"], name="microcred_one_skill_import"),)

    def __str__(self) -> str:
        return f"{self.framework} {self.language}"
