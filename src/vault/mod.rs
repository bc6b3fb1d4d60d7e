//! placeholder
mod desired;
mod mark;
mod resource;
