select account_id, tier, cast(valid_from as timestamp) as valid_from, cast(valid_to as timestamp) as valid_to from {{ ref('raw_account_tiers') }}
