"""The papers' tables and figures, declared."""
