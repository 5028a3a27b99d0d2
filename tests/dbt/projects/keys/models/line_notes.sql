select * from {{ ref('raw_line_notes') }}
