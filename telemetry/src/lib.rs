//! What a party shows of itself: metrics, health, logs and traces; never a word about a record, an identifier or a tag.
