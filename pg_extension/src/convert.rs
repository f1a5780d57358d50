//! Server values to engine values and back.
//!
//! Both count microseconds and days since 2000-01-01 and keep the infinities at the extreme integers, so a
//! conversion never computes; it only refuses what has no meaning on the other side.

mod calendar;
mod json;
mod minutes;
mod pay_rules;
mod range;

pub(crate) use calendar::{
    listed_date, local_date, local_date_bound, server_date, server_instant, server_timestamp, time_of_day,
};
pub(crate) use json::Document;
pub(crate) use minutes::{
    NumericFactor, NumericMeasure, NumericMinutes, NumericPart, NumericQuantity, NumericRatio,
};
pub(crate) use pay_rules::PayDocument;
pub(crate) use range::{DateRange, InstantRange, Serialized, surely_lies_apart};
