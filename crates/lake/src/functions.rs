//! The project's own SQL functions: one list, registered wherever a query runs.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, FixedSizeBinaryBuilder, ListBuilder, StringBuilder};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, UInt64Type};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

/// Every function, in the order of the documentation.
pub(crate) fn all() -> Vec<ScalarUDF> {
    vec![ScalarUDF::from(IpPrefix::new()), ScalarUDF::from(IpText::new()), ScalarUDF::from(DomainSuffixes::new())]
}

/// `ip_prefix(ip, length)`: the address with all bits after the first `length` of its 128 cleared.
#[derive(Debug, PartialEq, Eq, Hash)]
struct IpPrefix(Signature);

/// `ip_text(ip)`: the address as text, IPv4 unmapped.
#[derive(Debug, PartialEq, Eq, Hash)]
struct IpText(Signature);

/// `domain_suffixes(name)`: the name and every name above it, longest first.
#[derive(Debug, PartialEq, Eq, Hash)]
struct DomainSuffixes(Signature);

const IP: DataType = DataType::FixedSizeBinary(16);

impl IpPrefix {
    fn new() -> Self {
        // A number written in SQL is signed, a column of lengths is not.
        let lengths = [DataType::UInt64, DataType::Int64];
        let forms = lengths.map(|length| TypeSignature::Exact(vec![IP, length]));
        Self(Signature::one_of(forms.into(), Volatility::Immutable))
    }
}

impl IpText {
    fn new() -> Self {
        Self(Signature::exact(vec![IP], Volatility::Immutable))
    }
}

impl DomainSuffixes {
    fn new() -> Self {
        Self(Signature::exact(vec![DataType::Utf8], Volatility::Immutable))
    }
}

impl ScalarUDFImpl for IpPrefix {
    fn name(&self) -> &'static str {
        "ip_prefix"
    }
    fn signature(&self) -> &Signature {
        &self.0
    }
    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(IP)
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [ips, lengths] = arrays(&args)?;
        let lengths = cast(&lengths, &DataType::UInt64)?;
        let (ips, lengths) = (ips.as_fixed_size_binary(), lengths.as_primitive::<UInt64Type>());
        let mut out = FixedSizeBinaryBuilder::with_capacity(ips.len(), 16);
        for row in 0..ips.len() {
            if ips.is_null(row) || lengths.is_null(row) {
                out.append_null();
            } else {
                let length = u32::try_from(lengths.value(row).min(128)).unwrap_or(128);
                let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
                out.append_value((address(ips.value(row)) & mask).to_be_bytes())?;
            }
        }
        Ok(ColumnarValue::Array(Arc::new(out.finish())))
    }
}

impl ScalarUDFImpl for IpText {
    fn name(&self) -> &'static str {
        "ip_text"
    }
    fn signature(&self) -> &Signature {
        &self.0
    }
    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [ips] = arrays(&args)?;
        let ips = ips.as_fixed_size_binary();
        let mut out = StringBuilder::new();
        for row in 0..ips.len() {
            out.append_option((!ips.is_null(row)).then(|| ip_text(ips.value(row))));
        }
        Ok(ColumnarValue::Array(Arc::new(out.finish())))
    }
}

impl ScalarUDFImpl for DomainSuffixes {
    fn name(&self) -> &'static str {
        "domain_suffixes"
    }
    fn signature(&self) -> &Signature {
        &self.0
    }
    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true))))
    }
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [names] = arrays(&args)?;
        let names = names.as_string::<i32>();
        let mut out = ListBuilder::new(StringBuilder::new());
        for row in 0..names.len() {
            if names.is_null(row) {
                out.append(false);
                continue;
            }
            suffixes(names.value(row)).for_each(|suffix| out.values().append_value(suffix));
            out.append(true);
        }
        Ok(ColumnarValue::Array(Arc::new(out.finish())))
    }
}

/// 16 bytes as text, IPv4 unmapped.
pub(crate) fn ip_text(bytes: &[u8]) -> String {
    IpAddr::V6(Ipv6Addr::from(address(bytes))).to_canonical().to_string()
}

fn address(bytes: &[u8]) -> u128 {
    bytes.iter().fold(0, |ip, byte| ip << 8 | u128::from(*byte))
}

fn suffixes(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |rest| Some(rest.split_once('.')?.1)).filter(|suffix| !suffix.is_empty())
}

fn arrays<const N: usize>(args: &ScalarFunctionArgs) -> Result<[Arc<dyn Array>; N]> {
    if let Ok(arrays) = ColumnarValue::values_to_arrays(&args.args)?.try_into() {
        return Ok(arrays);
    }
    exec_err!("wrong number of arguments")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_are_the_name_and_all_above() {
        assert_eq!(suffixes("a.b.c").collect::<Vec<_>>(), ["a.b.c", "b.c", "c"]);
        assert_eq!(suffixes("").count(), 0);
        assert_eq!(suffixes("a..").collect::<Vec<_>>(), ["a..", "."]);
    }
}
