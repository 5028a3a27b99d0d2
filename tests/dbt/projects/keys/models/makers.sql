select * from {{ ref('raw_makers') }}
