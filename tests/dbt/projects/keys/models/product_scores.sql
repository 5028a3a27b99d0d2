select * from {{ ref('raw_product_scores') }}
