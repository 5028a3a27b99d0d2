select * from {{ ref('raw_lines') }}
