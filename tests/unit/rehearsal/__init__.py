"""The rehearsal PMS, seen by an independent client over real sockets."""
