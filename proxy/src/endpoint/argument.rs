//! The arguments of an endpoint and their types, by OID.

use tokio_postgres::types::Type;

/// The types that the proxy reads and binds itself. Everything else goes as text through a cast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// `boolean`
    Boolean,
    /// `smallint`
    SmallInteger,
    /// `integer`
    Integer,
    /// `bigint`
    BigInteger,
    /// `real`
    Real,
    /// `double precision`
    Double,
    /// `numeric`: checked here, bound as text, so that no digit is lost.
    Numeric,
    /// `text`
    Text,
    /// `date`
    Date,
    /// `time without time zone`
    Time,
    /// `timestamp without time zone`
    Timestamp,
    /// `timestamp with time zone`
    TimestampWithZone,
    /// `uuid`
    Uuid,
    /// `json`
    Json,
    /// `jsonb`
    Jsonb,
    /// Any other type: the server reads its text.
    Other,
}

/// The type of one argument.
#[derive(Clone, Debug)]
pub struct ArgumentType {
    /// The type, or the type of the elements.
    pub scalar: Scalar,
    /// Whether it is an array.
    pub array: bool,
    /// The server's name of the type, for people and for casts.
    pub name: Box<str>,
    /// The type that the parameter is bound as.
    pub bound: Type,
}

/// One argument of an endpoint's function.
#[derive(Clone, Debug)]
pub struct Argument {
    /// Its name in SQL, in paths, queries and bodies.
    pub name: Box<str>,
    /// Its type.
    pub kind: ArgumentType,
    /// Whether it has no default.
    pub required: bool,
    /// The default's SQL text, for the description only.
    pub default: Option<Box<str>>,
}

impl ArgumentType {
    /// The type with this OID and name.
    pub fn new(oid: u32, name: &str) -> Self {
        let known = Type::from_oid(oid);
        let (scalar, array) =
            known.as_ref().and_then(scalar_of).unwrap_or((Scalar::Other, name.ends_with("[]")));
        let bound = match (scalar, array) {
            (Scalar::Other | Scalar::Numeric, true) => Type::TEXT_ARRAY,
            (Scalar::Other | Scalar::Numeric, false) => Type::TEXT,
            _ => known.unwrap_or(Type::TEXT),
        };
        Self { scalar, array, name: name.into(), bound }
    }

    /// The cast behind the placeholder, if the parameter is bound as text.
    pub fn cast(&self) -> Option<&str> {
        matches!(self.scalar, Scalar::Other | Scalar::Numeric).then_some(&*self.name)
    }
}

fn scalar_of(known: &Type) -> Option<(Scalar, bool)> {
    Some(match *known {
        Type::BOOL => (Scalar::Boolean, false),
        Type::INT2 => (Scalar::SmallInteger, false),
        Type::INT4 => (Scalar::Integer, false),
        Type::INT8 => (Scalar::BigInteger, false),
        Type::FLOAT4 => (Scalar::Real, false),
        Type::FLOAT8 => (Scalar::Double, false),
        Type::NUMERIC => (Scalar::Numeric, false),
        Type::TEXT => (Scalar::Text, false),
        Type::DATE => (Scalar::Date, false),
        Type::TIME => (Scalar::Time, false),
        Type::TIMESTAMP => (Scalar::Timestamp, false),
        Type::TIMESTAMPTZ => (Scalar::TimestampWithZone, false),
        Type::UUID => (Scalar::Uuid, false),
        Type::JSON => (Scalar::Json, false),
        Type::JSONB => (Scalar::Jsonb, false),
        Type::BOOL_ARRAY => (Scalar::Boolean, true),
        Type::INT2_ARRAY => (Scalar::SmallInteger, true),
        Type::INT4_ARRAY => (Scalar::Integer, true),
        Type::INT8_ARRAY => (Scalar::BigInteger, true),
        Type::FLOAT4_ARRAY => (Scalar::Real, true),
        Type::FLOAT8_ARRAY => (Scalar::Double, true),
        Type::NUMERIC_ARRAY => (Scalar::Numeric, true),
        Type::TEXT_ARRAY => (Scalar::Text, true),
        Type::DATE_ARRAY => (Scalar::Date, true),
        Type::TIME_ARRAY => (Scalar::Time, true),
        Type::TIMESTAMP_ARRAY => (Scalar::Timestamp, true),
        Type::TIMESTAMPTZ_ARRAY => (Scalar::TimestampWithZone, true),
        Type::UUID_ARRAY => (Scalar::Uuid, true),
        Type::JSON_ARRAY => (Scalar::Json, true),
        Type::JSONB_ARRAY => (Scalar::Jsonb, true),
        _ => return None,
    })
}
