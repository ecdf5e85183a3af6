"""`manage.py rotate_secrets`: seal every stored secret under the first key of SECRET_KEKS.

Put the new key first (`SECRET_KEKS=new:...,old:...`), restart, run this; when it says 0 left, take the old key away. It
can be stopped and run again; what is done stays done.
"""

from django.core.management.base import BaseCommand, CommandError

from runtime import rotating, vault


class Command(BaseCommand):
    help = "Seal every stored secret under the first key of SECRET_KEKS; can be stopped and run again."

    def handle(self, **options):
        if not vault.active_key_id():
            raise CommandError("SECRET_KEKS is empty: there is no key to seal with.")
        lost = rotating.rotate(lambda place, done: self.stdout.write(f"{place}: {done:,} sealed anew"))
        left = rotating.left()
        self.stdout.write(f"{left.total():,} left under older keys; the active one is {vault.active_key_id()}.")
        if lost:
            names = ", ".join(f"{place} ({count:,})" for place, count in sorted(lost.items()))
            raise CommandError(f"Cannot be opened, since their key is not in SECRET_KEKS: {names}.")
        if left:
            raise CommandError("Some were written with an older key meanwhile. Restart everything, then run it again.")
