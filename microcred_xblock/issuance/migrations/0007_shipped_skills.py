"""The selection of skills that ships with the package, so that authors find some before an administrator does anything.

``microcred skills import`` does the same; an official file that is imported later takes its place.
"""

from django.db import migrations


def load(apps, _schema_editor):
    from microcred_xblock.issuance import skill_files, skills

    imports = apps.get_model("microcred", "SkillImport")
    manifest, concepts = skill_files.shipped()
    if imports.objects.filter(framework=manifest["framework"], language=manifest["language"]).exists():
        return  # an official file, or this selection, before the migration was taken back
    names = ("Skill", "SkillText", "SkillWord")
    tables = skills.Tables(*(apps.get_model("microcred", name) for name in names))
    framework, language = manifest["framework"], manifest["language"]
    for _changes in skills.store(concepts, framework=framework, language=language, complete=False, tables=tables):
        pass
    imports.objects.create(
        framework=framework, language=language, source=skill_files.SHIPPED, concepts=len(concepts)
    )


class Migration(migrations.Migration):

    dependencies = [
        ('microcred', '0006_skills'),
    ]

    operations = [
        migrations.RunPython(load, migrations.RunPython.noop, elidable=True),
    ]
