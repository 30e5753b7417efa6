//! `otr toolkit`, held against libotr's toolkit and against receivers that are in the middle of a conversation.

mod bad_input;
mod demo;
mod libotr;
mod live;
mod recorded;
mod tools;
