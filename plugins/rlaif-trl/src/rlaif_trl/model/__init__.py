"""Language models: loading and saving, encoding of chats, sampling."""
