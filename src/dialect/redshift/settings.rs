//! Words of Redshift that are no names, and what may be set around its queries.

use crate::dialect::Setting;

/// The reserved words, by its documentation (<https://docs.aws.amazon.com/redshift/latest/dg/r_pg_keywords.html>), and those that may not stand in every
/// place, as in PostgreSQL.
pub(super) const RESERVED: &str = "aes128 aes256 all allowoverwrite analyse analyze and any array as asc at authorization az64 backup between \
bigint binary bit blanksasnull boolean both bytedict bzip2 case cast char character check coalesce collate column connect constraint convert create \
credentials cross current_date current_time current_timestamp current_user current_user_id datediff dateadd day dec decimal default deferrable deflate \
defrag delta delta32k desc disable distinct do else emptyasnull enable encode encrypt encryption end except exists explicit extract false float for \
foreign freeze from full globaldict256 globaldict64k grant greatest group gzip having hour identity ignore ilike in initially inner int integer \
intersect interval into is isnull join language leading least left like limit localtime localtimestamp lun luns lzo lzop minus minute month mostly13 \
mostly16 mostly32 mostly8 natural nchar new none not notnull null nullif nulls numeric off offline offset oid old on only open or order outer over \
overlaps overlay parallel partition percent permissions pivot placing position precision primary qualify raw readratio real recover references \
rejectlog resort respect restore right row select second session_user setof similar smallint snapshot some substring super sysdate system \
table tag tdes text255 text32k then time timestamp to top trailing treat trim true truncatecolumns union unique unnest unpivot user using values \
varchar verbose wallet when where window with without year";

/// What a reader's session may set.
pub(super) const WITHSTANDS: &[Setting] = &[
    // Instants are compared as such, and civil times are made in zones that are named.
    Setting { name: "TimeZone", values: &["Asia/Tokyo", "America/Los_Angeles", "Pacific/Apia"] },
    // Texts are made of days by a format that stands there.
    Setting { name: "DateStyle", values: &["German", "SQL, DMY"] },
    // Every relation has its schema.
    Setting { name: "search_path", values: &["elsewhere"] },
    Setting { name: "extra_float_digits", values: &["-5"] },
];
