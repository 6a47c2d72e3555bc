"""The database and the files: the only importer of SQLAlchemy, the only writer of files."""
