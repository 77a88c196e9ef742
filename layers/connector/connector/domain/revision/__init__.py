"""The revisions of a document: content hash, history, plan, go-live, and whether a sent one arrived."""
