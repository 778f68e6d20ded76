# ruff: noqa: E501, RUF012
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Client',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('client_id', models.CharField(max_length=64, unique=True)),
                ('secret_digest', models.CharField(max_length=64)),
                ('metadata', models.JSONField()),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name='Grant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scope', models.TextField()),
                ('redirect_uri', models.TextField()),
                ('code_digest', models.CharField(max_length=64, unique=True)),
                ('code_challenge', models.CharField(max_length=128)),
                ('code_expires_at', models.DateTimeField()),
                ('code_used', models.BooleanField(default=False)),
                ('revoked', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='demo_wallet.client')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Profile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('document', models.JSONField()),
                ('owner', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='wallet_profile', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Token',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('access', 'Access'), ('refresh', 'Refresh')], max_length=8)),
                ('token_digest', models.CharField(max_length=64, unique=True)),
                ('scope', models.TextField()),
                ('expires_at', models.DateTimeField(null=True)),
                ('used', models.BooleanField(default=False)),
                ('grant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tokens', to='demo_wallet.grant')),
            ],
        ),
        migrations.CreateModel(
            name='StoredCredential',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('form', models.CharField(choices=[('ob3', 'Badge'), ('ob3-jwt', 'Badge Jwt'), ('elm', 'Elm')], max_length=8)),
                ('issuer_id', models.TextField()),
                ('credential_id', models.TextField()),
                ('valid_from', models.DateTimeField()),
                ('media_type', models.CharField(max_length=100)),
                ('content', models.BinaryField()),
                ('document', models.JSONField()),
                ('report', models.JSONField()),
                ('received_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('client', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to='demo_wallet.client')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='credentials', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-valid_from', '-pk'),
                'constraints': [models.UniqueConstraint(fields=('owner', 'issuer_id', 'credential_id', 'form'), name='demo_wallet_one_per_credential')],
            },
        ),
    ]
