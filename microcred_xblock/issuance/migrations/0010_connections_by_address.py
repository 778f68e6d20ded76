"""A connection may be made by a wallet's address: without a registration, and without tokens that run out."""

import django.db.models.deletion
from django.db import migrations, models


def forget(apps, _schema_editor):
    """On the way back: an older version can do nothing with such a connection, nor with what went through it."""
    connections = apps.get_model("microcred", "WalletConnection").objects.filter(registration=None)
    apps.get_model("microcred", "Delivery").objects.filter(connection__in=list(connections)).delete()
    connections.delete()


class Migration(migrations.Migration):

    atomic = False  # rows are deleted and columns altered: PostgreSQL wants a transaction for each

    dependencies = [
        ("microcred", "0009_spent_values"),
    ]

    operations = [
        migrations.AlterField(
            model_name="walletconnection", name="registration",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="connections",
                to="microcred.clientregistration",
            ),
        ),
        migrations.AlterField(
            model_name="walletconnection", name="expires_at", field=models.DateTimeField(null=True),
        ),
        migrations.RunPython(migrations.RunPython.noop, forget, atomic=True),
    ]
