"""How an evidence file is checked by hand, as it lies in the file."""

README = """\
EVIDENCE RECORD, format treffa-evidence/1

evidence.pdf    to be read
record.json     the case as it stood, and every entry of the practice's record about it ("entries")
proof.json      the entry that names the checksums of the above ("made"), and the chain
manifest.json   length and SHA-256 of each of these

With Treffa, on any machine, without its database:   python manage.py verify_record FILE

By hand:
1. sha256sum evidence.pdf record.json README.txt proof.json     equals manifest.json; the first three also equal
   what "made" in proof.json names.
2. The hash of an entry is the SHA-256 of its "text", exactly as it is written, in UTF-8.
   A text is a list: number, practice, time, event, by whom (kind, person), case, patient, data,
   SHA-256 of the encrypted personal part, commitment.
3. Where "told" is not null, the SHA-256 of its salt (as bytes) followed by its text (UTF-8) is the commitment.
4. "ways" in proof.json has for each entry, in order, and last for "made": the number of its seal, its place in it, and
   partners. Begin with SHA-256(0x00 + hash of the entry). With each partner: SHA-256(0x01 + left + right), the partner on
   the left where the place is odd; then halve the place and the number of nodes (rounded up). A last node without
   a partner moves up as it is. What comes out is the root of the seal.
5. "seals" has from number "first" on: version, time, number of entries, root, digest. A digest is the SHA-256 of seven
   lines, joined by line feeds (no line feed at the end): treffa-seal/2, practice, number of the seal, time, digest of the
   seal before ("previous" for the first), number of entries, root.
   (Version 1, from before: the digest before, then the hash of each entry, line by line; the hashes stand for the root.)
6. Once a day the practice's managers get the number and digest of the last seal by e-mail. Compare one of these mails
   with the digest of that seal here. Who changes an entry afterwards changes every digest that follows, and can't change
   a mail that was received.
7. The SHA-256 of what a plan asks for ("wording" in "plans", in UTF-8) is the one that the entry plan.published names.
"""
