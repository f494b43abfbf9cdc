"""Extracts of other machines: files by S3, SFTP and HTTPS through fsspec, and queries to databases."""
