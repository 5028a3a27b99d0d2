select order_id, customer_id, status, channel, cast(amount as decimal(12, 2)) as amount, quantity, is_gift, ordered_at, shipped_on
from {{ ref('raw_orders') }}
