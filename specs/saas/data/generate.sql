-- Makes the data of this project: three years of a company that does not exist, up to 31 December 2025.
--
--     cd specs/saas/data && duckdb < generate.sql
--
-- Nothing here is random, and nothing depends on the machine or on DuckDB's version: each decision is taken by `pick`, which mixes the
-- number of a row with the number of the decision in whole numbers only. No clock, no `random()`, no `hash()`, no logarithms.
--
-- What is in it to be found:
-- - Growth with seasons: quiet in July, August and December, busy in September, October and January.
-- - Partners and referrals bring the best customers. Paid social doubles its spending in February 2025 and brings visitors who do not
--   stay; in May and June 2025 an eager campaign wins many signups and few customers.
-- - Prices rise in July 2024. Revenue jumps, and churn, tickets and complaints follow through the third quarter.
-- - Guided onboarding since July 2024: more people publish a plan in their first week.
-- - Nobody counted the followers on Sunday, 3 August 2025.

set timezone = 'UTC';
set preserve_insertion_order = true;

-- ---------------------------------------------------------------------------------------------------------------- decisions

create macro mix_1(x) as (xor(x, x >> 16) * 2246822507::ubigint) & 4294967295::ubigint;
create macro mix_2(x) as (xor(x, x >> 13) * 3266489909::ubigint) & 4294967295::ubigint;
create macro mix_3(x) as xor(x, x >> 16);

-- A whole number from 0 up to n, which is left out, for decision k about row id. Always the same one.
create macro pick(id, k, n) as (
  (mix_3(mix_2(mix_1(
    ((id)::ubigint % 4294967296::ubigint * 2654435761::ubigint + (k)::ubigint * 2246822519::ubigint) & 4294967295::ubigint
  ))) * (n)::ubigint) >> 32
)::integer;

-- The first day of a month, counted from January 2023.
create macro month_start(m) as (date '2023-01-01' + to_months((m)::integer))::date;
create macro month_of(day) as ((year(day) - 2023) * 12 + month(day) - 1)::integer;

-- A time in the working hours of a day, most likely around noon.
create macro working_time(day, id, k) as (day)::timestamp
  + to_minutes(360 + pick(id, k, 450) + pick(id, (k) + 1, 450));

create table days as
  select
    day, (day - date '2023-01-01')::integer as d, month_of(day) as m, isodow(day) as weekday,
    [108, 104, 106, 100, 98, 94, 82, 78, 108, 112, 106, 76][month(day)] as season
  from (select unnest(generate_series(timestamp '2023-01-01', timestamp '2025-12-31', interval 1 day))::date as day);

create table months as select distinct m, month_start(m) as first_day, season from days;

-- Rates per month to US dollars, in ten thousandths.
create table rates as
  select m, currency, 10000 as rate from months, (values ('USD')) as c(currency)
  union all select m, 'EUR', 10650 + pick(m, 1, 500) + greatest(m - 24, 0) * 60 from months
  union all select m, 'GBP', 12300 + pick(m, 2, 600) + greatest(m - 24, 0) * 50 from months;

-- ------------------------------------------------------------------------------------------------------------------ channels

-- Visitors in percent, signups in ten thousandths of visitors, activation in thousandths, advertising in dollars a day.
create table channels (no integer, channel text, weight integer, signup integer, activation integer, spend bigint);
insert into channels values
  (1, 'organic',     34, 230, 560,  60),
  (2, 'paid_search', 20, 260, 500, 420),
  (3, 'paid_social', 13, 190, 460, 190),
  (4, 'partner',      8, 520, 640,  90),
  (5, 'referral',     9, 430, 630,  30),
  (6, 'conference',   4, 380, 520, 150),
  (7, 'direct',      12, 260, 540,   0);

create macro country_of(id, m) as (
  case
    when pick(id, 61, 100) < 36 then 'US'
    when pick(id, 61, 100) < 48 then 'GB'
    when pick(id, 61, 100) < 62 then 'DE'
    when pick(id, 61, 100) < 68 then 'NL'
    when pick(id, 61, 100) < 75 then 'FR'
    when pick(id, 61, 100) < 82 then 'CA'
    when pick(id, 61, 100) < 87 then 'AU'
    when pick(id, 61, 100) < 90 and m >= 5  then 'ES'
    when pick(id, 61, 100) < 93 and m >= 13 then 'SE'
    when pick(id, 61, 100) < 95 and m >= 20 then 'BR'
    when pick(id, 61, 100) < 97 and m >= 26 then 'JP'
    when pick(id, 61, 100) < 99 and m >= 29 then 'PL'
    else 'US'
  end
);

-- ------------------------------------------------------------------------------------------------------- visitors and accounts

create table visitors as
  with
    crowds as (
      select
        day, d, m, no, channel, signup,
        case
          when channel = 'paid_social' and m >= 25 then 24
          when channel = 'conference' and month(day) in (3, 9) then 12
          else weight
        end as share,
        season, case when weekday <= 5 then 120 else 50 end as weekly
      from days, channels
    ),
    counted as (
      select *, ((82 + 3 * m) * season * weekly * share + pick(d * 16 + no, 1, 1000000)) // 1000000 as visitors from crowds
    ),
    numbered as (
      select *, row_number() over (order by d, no, i) as visitor_id
      from (select *, unnest(generate_series(1, visitors)) as i from counted)
    )
  select
    visitor_id, d, m, channel,
    case when channel in ('organic', 'direct') then null else channel || '-' || (1 + m // 6 + pick(visitor_id, 3, 2)) end as campaign,
    working_time(day, visitor_id, 4) as visited_at,
    country_of(visitor_id, m) as country,
    pick(visitor_id, 8, 10000) < signup
      * case when m >= 15 then 112 else 100 end
      * case when channel = 'paid_social' and m in (28, 29) then 190 else 100 end // 10000 as signs_up
  from numbered;

-- Whoever signs up without an invitation opens an account. 270 accounts are older than the data.
create table accounts_opened as
  with
    opened as (
      select
        i - 270 as visitor_id,      -- none; it only gives them an order
        case when i < 230 then timestamp '2021-07-01' + to_days(pick(i, 9, 480)) else timestamp '2022-11-01' + to_days(pick(i, 9, 60)) end
          + to_minutes(pick(i, 10, 1440)) as created_at,
        ['organic', 'organic', 'referral', 'partner', 'direct'][1 + pick(i, 11, 5)] as channel,
        case when pick(i, 12, 10) < 6 then 'US' else country_of(i, 0) end as country,
        true as is_old
      from range(270) as old(i)
      union all
      select visitor_id, visited_at + to_minutes(2 + pick(visitor_id, 13, 25)), channel, country, false from visitors where signs_up
    ),
    numbered as (select *, row_number() over (order by created_at, visitor_id) as account_id from opened)
  select
    *, month_of(created_at) as m,
    case when pick(account_id, 14, 100) < 62 then 'small' when pick(account_id, 14, 100) < 91 then 'mid_market' else 'enterprise' end
      as segment,
    ['agencies', 'software', 'software', 'manufacturing', 'education', 'non_profit'][1 + pick(account_id, 15, 6)] as industry,
    case when channel = 'partner'
      then ['Alder & Co', 'Alder & Co', 'Brightwater', 'Brightwater', 'Cedar Works', 'Delta Line', 'Eastgate', 'Fjordhaus'][1 + pick(account_id, 16, 8)]
    end as partner
  from numbered;

-- How far each account comes: published a plan, became product-qualified, bought.
create table accounts_made as
  with
    activated as (
      select
        a.*,
        case
          when is_old or pick(account_id, 17, 1000) < case when channel = 'paid_social' and m >= 25 then 250 else activation end
            + case when m >= 18 then 70 else 0 end
          then created_at + case
            when pick(account_id, 18, 100) < 72 then to_minutes(5 + pick(account_id, 19, 70) * pick(account_id, 20, 60))
            else to_minutes(2880 + pick(account_id, 19, 20000)) end
        end as activated_at
      from accounts_opened as a join channels using (channel)
    ),
    qualified as (
      select
        *,
        case
          when activated_at is not null and not is_old
            and pick(account_id, 21, 100) < case when channel = 'paid_social' and m >= 25 then 35 else 62 end
          then activated_at + to_minutes(600 + pick(account_id, 22, 200) * pick(account_id, 23, 260))
        end as qualified_at
      from activated
    ),
    bought as (
      select
        *,
        case
          when is_old then created_at + to_days(20 + pick(account_id, 24, case when created_at < timestamp '2022-11-01' then 20 else 75 end))
          when qualified_at is not null and pick(account_id, 25, 100) < case
            when channel = 'paid_social' and m >= 25 then 20 when channel in ('partner', 'referral') then 62 else 52 end
          then qualified_at + to_days(case segment
            when 'small' then 2 + pick(account_id, 26, 20)
            when 'mid_market' then 14 + pick(account_id, 26, 55)
            else 40 + pick(account_id, 26, 100) end)
          when qualified_at is null and pick(account_id, 25, 1000) < case when activated_at is null then 12 else 90 end
          then coalesce(activated_at, created_at) + to_days(5 + pick(account_id, 26, 60))
        end as bought_at
      from qualified
    )
  select
    * exclude (bought_at),
    case when bought_at < timestamp '2026-01-01' then bought_at::date end as customer_since
  from bought;

-- -------------------------------------------------------------------------------------------------------------- subscriptions

-- Most customers have one subscription, some a second one for another part of the company.
create table subscriptions_begun as
  with
    begun as (
      select account_id, 1 as no, customer_since as day from accounts_made where customer_since is not null
      union all
      select account_id, 2, customer_since + 120 + pick(account_id, 27, 300) from accounts_made
      where customer_since is not null and segment <> 'small' and pick(account_id, 28, 100) < 14
    )
  select
    row_number() over (order by day, account_id, no) as subscription_id, account_id, day, segment, channel,
    case segment when 'small' then 'team' when 'mid_market' then 'business' else 'enterprise' end as plan,
    case segment
      when 'small' then 3 + pick(account_id * 2 + no, 29, 8)
      when 'mid_market' then 8 + pick(account_id * 2 + no, 29, 21)
      else 22 + pick(account_id * 2 + no, 29, 50)
    end // no as seats
  from begun join accounts_made using (account_id)
  where day < date '2026-01-01';

-- Month by month each subscription may lapse, pause, grow, shrink or come back: at most one change a month.
create table subscriptions_made as
  with recursive lives as (
    select
      subscription_id, segment, channel, month_of(day) as m, month_of(day) as begun_m, day, 'active' as status, 'begins' as change,
      plan, seats, 0 as modules, case when day < date '2024-07-01' then 100 else 106 end as price_level
    from subscriptions_begun
    union all
    select
      subscription_id, segment, channel, m, begun_m, month_start(m) + 1 + pick(id, 2, 26),
      case change when 'lapses' then 'lapsed' when 'pauses' then 'paused' when 'returns' then 'active' else status end,
      change,
      case when change = 'upgrades' then case plan when 'team' then 'business' else 'enterprise' end else plan end,
      greatest(2, case change
        when 'grows' then seats + 1 + seats * (8 + pick(id, 3, 26)) // 100
        when 'shrinks' then seats - 1 - seats * (8 + pick(id, 3, 22)) // 100
        when 'returns' then seats - seats * pick(id, 3, 25) // 100
        else seats end)::integer,
      case when change = 'adds' then least(modules + 1, 4) else modules end,
      case when change in ('repriced', 'returns') then 106 else price_level end
    from (
      select
        * exclude (change),
        case
          when status = 'active' and chance < lapses and m >= 0 then 'lapses'
          when status = 'active' and chance < lapses + 45 and m >= 0 then 'pauses'
          when status = 'active' and chance < lapses + 500 then 'grows'
          when status = 'active' and chance < lapses + 630 then 'adds'
          when status = 'active' and chance < lapses + 690 and plan <> 'enterprise' then 'upgrades'
          when status = 'active' and chance < lapses + 820 and m >= 0 then 'shrinks'
          when status = 'active' and m = 18 and price_level = 100 and pick(id, 4, 100) < 60 then 'repriced'
          when status = 'paused' and chance < 4500 then 'returns'
          when status = 'paused' and chance < 6000 then 'lapses'
          when status = 'lapsed' and chance < 130 then 'returns'
          else 'none'
        end as change
      from (
        select
          * exclude (m), m + 1 as m, subscription_id * 64 + m + 25 as id, pick(subscription_id * 64 + m + 25, 1, 10000) as chance,
          case segment when 'small' then 200 when 'mid_market' then 125 else 60 end
            * case when m + 1 between 18 and 20 then 290 else 100 end
            * case when channel = 'paid_social' and begun_m >= 25 then 190 else 100 end
            * case when m + 1 - begun_m < 3 then 60 else 100 end // 1000000 as lapses
        from lives
        where m < 35
      )
    )
  )
  select
    subscription_id, account_id, plan, seats, modules, valid_from, valid_to,
    (seats::bigint * case plan when 'team' then 24 when 'business' then 39 else 55 end * (100 + 12 * modules) * price_level
      * case when seats > 50 then 85 else 100 end / 1000000.0)::decimal(10, 2) as mrr
  from (
    select
      subscription_id, plan, seats, modules, price_level, status, day as valid_from,
      lead(day) over (partition by subscription_id order by m) as valid_to
    from lives
    where change <> 'none'
  )
  join (select subscription_id, account_id from subscriptions_begun) using (subscription_id)
  where status = 'active';

create table customer_spans as
  select account_id, min(valid_from) as first_day, case when bool_or(valid_to is null) then null else max(valid_to) end as last_day
  from subscriptions_made group by account_id;

-- ---------------------------------------------------------------------------------------------------------------------- users

create table users_made as
  with
    founders as (
      select account_id, 0 as no, created_at, channel, country,
        case when visitor_id > 0 then visitor_id end as visitor_id, activated_at, qualified_at from accounts_made
    ),
    guests as (
      select
        account_id, no, account_id * 32 + no as id, country,
        created_at + to_minutes(60 + pick(account_id * 32 + no, 30, 400)
          * pick(account_id * 32 + no, 31, case when customer_since is null then 60 else 1500 end)) as created_at
      from (
        select
          *, unnest(generate_series(1, case
            when customer_since is null then pick(account_id, 32, 3)
            when segment = 'small' then 1 + pick(account_id, 32, 3)
            when segment = 'mid_market' then 2 + pick(account_id, 32, 4)
            else 3 + pick(account_id, 32, 7) end)) as no
        from accounts_made
      )
    ),
    everyone as (
      select * from founders
      union all
      select
        account_id, no, created_at, 'invitation', country,
        (select max(visitor_id) from visitors) + row_number() over (order by created_at, account_id, no),
        case when pick(id, 33, 100) < 55 then created_at + to_minutes(4 + pick(id, 34, 90) * pick(id, 35, 160)) end, null
      from guests
      where created_at < timestamp '2026-01-01'
    )
  select
    row_number() over (order by created_at, account_id, no) as user_id, *,
    no > 0 as is_invited
  from everyone;

-- ------------------------------------------------------------------------------------------------------- sessions and events

-- What has to happen at a certain time: signing up, the first plan, becoming qualified, the first finished plan after buying.
create table landmarks as
  select user_id, created_at as happened_at, null as name from users_made
  union all select user_id, activated_at, 'plan_published' from users_made where activated_at is not null
  union all select user_id, qualified_at, 'qualified' from users_made where qualified_at is not null
  union all
  select user_id, customer_since::timestamp + to_minutes(600 + pick(account_id, 36, 240) * pick(account_id, 37, 200)), 'plan_completed'
  from users_made join accounts_made using (account_id)
  where customer_since is not null and no = 0 and pick(account_id, 38, 100) < 88;

create table user_days as
  with
    spans as (
      select
        user_id, (created_at::date - date '2023-01-01')::integer as first_d, activated_at,
        (case
          when first_day is null
          then created_at::date + case when users_made.activated_at is null then pick(user_id, 39, 7) else 8 + pick(user_id, 39, 50) end
          when pick(user_id, 40, 100) < 25 then created_at::date + 30 + pick(user_id, 41, 300)
          else coalesce(last_day + 5, date '2025-12-31')
        end - date '2023-01-01')::integer as last_d,
        80 + pick(user_id, 42, 310) as zeal
      from users_made left join customer_spans using (account_id)
    )
  select user_id, d, day, m, activated_at, user_id * 1200 + d as id
  from (
    select user_id, zeal, activated_at, unnest(range(greatest(first_d + 1, 0), least(last_d, 1095) + 1)) as d from spans
  )
  join days using (d)
  where pick(user_id * 1200 + d, 43, 1000)
    < zeal * case when weekday <= 5 then 100 else 14 end * (100 + season) // 20000;

create table sessions_made as
  with
    begun as (
      select user_id, d, m, id, working_time(day, id, 44) as started_at from user_days
      where (user_id, day) not in (select (user_id, happened_at::date) from landmarks)
      union all
      select
        user_id, (started_at::date - date '2023-01-01')::integer, month_of(started_at),
        user_id * 1200 + (started_at::date - date '2023-01-01') + 3000000000, started_at
      from (select user_id, min(happened_at) - interval 1 minute as started_at from landmarks group by user_id, happened_at::date)
      where started_at >= timestamp '2022-12-25'
    )
  select
    user_id, started_at,
    started_at + to_minutes(3 + pick(id, 47, 70) * pick(id, 48, 100) // 100 + greatest(m, 0) // 6) as ended_at
  from begun
  where started_at >= timestamp '2022-12-25' and started_at < timestamp '2026-01-01';

create table events_made as
  select user_id, happened_at, name, null as feature from landmarks
  where name is not null and happened_at >= timestamp '2022-12-25' and happened_at < timestamp '2026-01-01'
  union all
  select
    user_id, happened_at, name,
    case when name = 'feature_used' then case
      when pick(id, 50, 100) < 34 then 'boards'
      when pick(id, 50, 100) < 58 then 'timeline'
      when pick(id, 50, 100) < 72 then 'reports'
      when pick(id, 50, 100) < 82 then 'automations'
      when pick(id, 50, 100) < 90 or m < 26 then 'integrations'
      else 'assistant' end end
  from (
    select
      user_id, m, id, working_time(day, id, 44) + to_minutes(1 + pick(id, 51, 3)) as happened_at,
      case
        when pick(id, 52, 100) < 14 and activated_at::date < day then 'plan_published'
        when pick(id, 52, 100) < 20 and activated_at::date < day then 'plan_completed'
        when pick(id, 52, 100) < 64 then 'feature_used'
        when pick(id, 52, 100) < 86 then 'like'
        else 'comment'
      end as name
    from (
      select
        * exclude (id), id + no * 1500000000 as id
      from (select *, unnest(range([0, 1, 1, 1, 2, 2][1 + pick(id, 53, 6)])) as no from user_days)
    )
  );

-- ------------------------------------------------------------------------------------------------------------ leads and deals

create table leads_made as
  with
    found as (
      select
        1 as origin, account_id as no, coalesce(qualified_at, created_at) as created_at, channel, country, segment, account_id,
        coalesce(qualified_at, created_at) + to_hours(20 + pick(account_id, 62, 90)) as qualified_at,
        customer_since as converted_on,
        case when channel = 'partner' then 'partner' else 'product' end as source
      from accounts_made
      where not is_old and segment <> 'small' and (qualified_at is not null or customer_since is not null)
      union all
      select
        2, no, created_at, channel, country, segment, null,
        case when pick(no, 63, 100) < 34 then created_at + to_hours(20 + pick(no, 64, 300)) end, null,
        case when channel = 'outbound' then 'outbound' when channel = 'partner' then 'partner' else 'inbound' end
      from (
        select
          d * 16 + i as no, working_time(day, d * 16 + i, 65) as created_at,
          ['organic', 'paid_search', 'paid_search', 'paid_social', 'conference', 'outbound', 'outbound', 'partner'][1 + pick(d * 16 + i, 68, 8)]
            as channel,
          country_of(d * 16 + i, m) as country,
          case when pick(d * 16 + i, 69, 100) < 45 then 'small' when pick(d * 16 + i, 69, 100) < 84 then 'mid_market' else 'enterprise' end
            as segment
        from (
          select *, unnest(range(((16 + m // 2) * season * case when weekday <= 5 then 130 else 25 end + pick(d, 70, 100000)) // 100000)) as i
          from days
        )
      )
    )
  select
    row_number() over (order by created_at, origin, no) as lead_id, * exclude (origin, no)
  from found
  where created_at < timestamp '2026-01-01';

create table deals_made as
  with
    opened as (
      select
        lead_id, account_id, source, country, segment, qualified_at::date as opened_on,
        case
          when converted_on is not null then greatest(converted_on, qualified_at::date)
          else qualified_at::date + case segment
            when 'small' then 10 + pick(lead_id, 71, 40) when 'mid_market' then 18 + pick(lead_id, 71, 80) else 40 + pick(lead_id, 71, 130) end
        end as closed_on,
        case when converted_on is not null then 'won' else 'lost' end as outcome
      from leads_made
      where qualified_at < timestamp '2026-01-01' and (account_id is not null or pick(lead_id, 72, 100) < 55)
    ),
    first_year as (
      select account_id, arg_min(mrr, valid_from) * 12 as amount from subscriptions_made group by account_id
    )
  select
    row_number() over (order by opened_on, lead_id) as deal_id, lead_id, opened.account_id, source, country, segment, opened_on,
    case when closed_on < date '2026-01-01' then closed_on end as closed_on,
    case when closed_on < date '2026-01-01' then outcome end as outcome,
    closed_on as expected_on,
    coalesce(amount, 12 * case segment
      when 'small' then 24 * (4 + pick(lead_id, 73, 8)) when 'mid_market' then 39 * (10 + pick(lead_id, 73, 26))
      else 55 * (28 + pick(lead_id, 73, 60)) end)::decimal(10, 2) as amount
  from opened left join first_year on opened.account_id = first_year.account_id and outcome = 'won';

-- A deal goes through up to three stages, each of which begins a while after the one before.
create table deal_stages_made as
  with
    begun as (
      select
        deal_id, stage, no, amount, source, segment, opened_on, closed_on,
        opened_on + ((expected_on - opened_on) * case no when 1 then 0 when 2 then 35 else 72 end // 100)::integer as valid_from
      from deals_made, (values ('discovery', 1), ('proposal', 2), ('negotiation', 3)) as stages(stage, no)
      where outcome = 'won' or outcome is null or no <= 1 + pick(deal_id, 74, 3)
    )
  select
    deal_id, stage, valid_from, coalesce(lead(valid_from) over (partition by deal_id order by no), closed_on) as valid_to,
    (amount * case no when 1 then 90 when 2 then 105 else 100 end / 100)::decimal(10, 2) as amount
  from begun
  where valid_from < date '2026-01-01'
  qualify valid_to is null or valid_to > valid_from;

-- --------------------------------------------------------------------------------------------------------- money that comes in

create table invoices_made as
  with
    billed as (
      select
        account_id, m, issued_on, sum(mrr) as usd, 'subscription' as kind
      from (
        select account_id, m, first_day + 1 + pick(account_id, 75, 27) as issued_on
        from (select distinct account_id from subscriptions_made), months
      )
      join subscriptions_made using (account_id)
      where issued_on >= valid_from and (valid_to is null or issued_on < valid_to)
      group by all
      union all
      select
        account_id, month_of(day), day, case segment when 'mid_market' then 900 else 3200 end + pick(account_id, 76, 12) * 100, 'services'
      from (select account_id, segment, customer_since + 20 + pick(account_id, 77, 40) as day from accounts_made)
      where segment <> 'small' and day between date '2023-01-01' and date '2025-12-31'
    ),
    converted as (
      select
        billed.*, country,
        case when country = 'GB' then 'GBP' when country in ('DE', 'NL', 'FR', 'ES') then 'EUR' else 'USD' end as currency
      from billed join (select account_id, country from accounts_made) using (account_id)
    )
  select
    row_number() over (order by issued_on, account_id, kind) as invoice_id, account_id, issued_on, kind, country, currency,
    (usd * 10000 / rate)::decimal(10, 2) as amount,
    (rate / 10000.0)::decimal(8, 4) as usd_rate,
    case when pick(account_id * 64 + m, 78, 1000) < 9 and kind = 'subscription' then 'refunded' else 'paid' end as status
  from converted join rates using (m, currency);

-- ------------------------------------------------------------------------------------------------------------------- people

create table employees_made as
  with
    hired as (
      select
        i as employee_id,
        case when i <= 26 then date '2021-02-01' + pick(i, 80, 680) else date '2023-01-09' + (i - 27) * 23 + pick(i, 80, 20) end as hired_on,
        ['engineering', 'engineering', 'sales', 'success', 'engineering', 'marketing', 'success', 'sales', 'engineering', 'finance']
          [1 + i % 10] as department
      from (select i::integer as i from range(1, 73) as people(i))
    ),
    leaving as (
      select
        *, case when pick(employee_id, 81, 100) < 38 then greatest(hired_on, date '2023-01-01') + 120 + pick(employee_id, 82, 800) end as left_on
      from hired
    ),
    moving as (
      select *, case when pick(employee_id, 83, 100) < 12 then hired_on + 200 + pick(employee_id, 84, 300) end as moved_on from leaving
    ),
    placed as (
      select
        employee_id, department, hired_on as valid_from,
        case when moved_on < coalesce(left_on, date '2026-01-01') then moved_on else left_on end as valid_to,
        case when moved_on < coalesce(left_on, date '2026-01-01') then null else left_on end as left_on
      from moving
      union all
      select employee_id, case department when 'success' then 'sales' else 'success' end, moved_on, left_on, left_on from moving
      where moved_on < coalesce(left_on, date '2026-01-01')
    )
  select
    employee_id, department, valid_from, case when valid_to < date '2026-01-01' then valid_to end as valid_to,
    case when left_on < date '2026-01-01' then left_on end as left_on,
    (case department when 'engineering' then 8200 when 'sales' then 7100 when 'success' then 5900 when 'marketing' then 6400 else 6900 end
      + pick(employee_id, 85, 18) * 100)::decimal(10, 2) as monthly_cost
  from placed
  where valid_from < date '2026-01-01';

-- --------------------------------------------------------------------------------------------------------- money that goes out

create table costs_made as
  with
    paid_in as (
      select m, sum(amount * usd_rate) as usd from invoices_made join days on day = issued_on where status = 'paid' group by m
    ),
    payroll as (
      select
        m, (month_start(m + 1) - 4)::date as posted_on, sum(monthly_cost) as usd,
        case department when 'sales' then 'sales' when 'marketing' then 'marketing' when 'success' then 'cogs' else 'operating' end as category
      from months join employees_made
        on valid_from <= month_start(m + 1) - 4 and (valid_to is null or valid_to > month_start(m + 1) - 4)
      group by all
    ),
    shares(channel, share) as (
      values ('organic', 22), ('paid_search', 20), ('paid_social', 12), ('partner', 16), ('referral', 12), ('conference', 10), ('direct', 8)
    ),
    posted as (
      select
        day as posted_on, 'marketing' as category, 'advertising' as item, channel,
        spend * (80 + pick(d * 16 + no, 86, 40)) * (100 + 2 * m) * season
          * case when channel = 'paid_social' and m >= 25 then 230 when channel = 'conference' and month(day) in (3, 9) then 300 else 100 end
          / 100000000.0 as usd
      from days, channels
      where spend > 0
      union all
      select posted_on, category, 'payroll', null, usd from payroll where category in ('cogs', 'operating')
      union all
      select posted_on, category, 'payroll', channel, usd * share / 100 from payroll, shares where category in ('sales', 'marketing')
      union all
      select (month_start(m + 1) - 1)::date, 'cogs', 'hosting', null, usd * (90 + pick(m, 87, 12)) / 1000 + 2400 from paid_in
      union all
      select (month_start(m + 1) - 1)::date, 'cogs', 'payment fees', null, usd * 26 / 1000 from paid_in
      union all
      select first_day, 'operating', item, null, usd + m * growth + pick(m, no, 900)
      from months, (values ('rent', 9500, 110, 88), ('software', 5200, 900, 89), ('contractors', 6000, 1600, 90)) as items(item, usd, growth, no)
    )
  select posted_on, category, item, channel, usd::decimal(12, 2) as amount from posted;

-- The balances at the end of each month: what came in and went out, and a round of financing in June 2024.
create table cash_made as
  with
    flows as (
      select m, sum(usd) as net
      from (
        select month_of(issued_on) as m, amount * usd_rate as usd from invoices_made where status = 'paid'
        union all
        select month_of(posted_on), -amount from costs_made
        union all
        select 17, 4000000
      )
      group by m
    ),
    totals as (select m, 3400000 + sum(net) over (order by m) as balance from flows)
  select (month_start(m + 1) - 1)::date as taken_on, 'operating' as bank_account, (balance - reserve)::decimal(14, 2) as balance
  from (select m, balance, balance * 6 // 10 as reserve from totals)
  union all
  select (month_start(m + 1) - 1)::date, 'reserve', (balance * 6 // 10)::decimal(14, 2) from totals;

-- ------------------------------------------------------------------------------------------------------------------- service

create table account_months as
  select account_id, months.m, months.first_day, segment, country, account_id * 64 + months.m as id, months.m between 18 and 20 as is_rough
  from accounts_made join customer_spans using (account_id)
  join months on months.m >= month_of(customer_spans.first_day) and (last_day is null or months.m <= month_of(last_day));

create table tickets_made as
  with
    counted as (
      select
        *, unnest(range((pick(id, 91, 1000) + case segment when 'small' then 330 when 'mid_market' then 620 else 1500 end
          * case when is_rough then 155 else 100 end // 100) // 1000)) as no
      from account_months
    ),
    opened as (
      select
        *, id * 8 + no as ticket,
        working_time(first_day + pick(id * 8 + no, 92, 28), id * 8 + no, 93) as opened_at,
        ['low', 'normal', 'normal', 'normal', 'high', 'urgent'][1 + pick(id * 8 + no, 96, 6)] as priority
      from counted
    ),
    answered as (
      select
        *, case priority when 'urgent' then 2 when 'high' then 4 when 'normal' then 8 else 24 end as promised_hours,
        pick(ticket, 97, 100) * pick(ticket, 98, 100) * case when is_rough then 175 else 100 end // 10000 as slowness
      from opened
    )
  select
    row_number() over (order by opened_at, ticket) as ticket_id, account_id, opened_at, priority, promised_hours,
    opened_at + to_minutes(3 + promised_hours * (60 * slowness * 2) // 100) as first_answer_at,
    case when pick(ticket, 99, 1000) < 985 then opened_at
      + to_minutes(20 + promised_hours * (60 * slowness * 2) // 100 + pick(ticket, 100, 60) * pick(ticket, 101, 80)) end as resolved_at,
    greatest(-100, least(100, 62 + pick(ticket, 102, 60) - slowness * 2)) as sentiment
  from answered;

create table surveys_made as
  select * from (
    select
      'nps' as kind, account_id, null::integer as employee_id, first_day + pick(id, 103, 28) as answered_on,
      10 - pick(id, 104, 4) - pick(id, 105, 2) * pick(id, 106, 4) // 3
        - case when pick(id, 119, 100) < 13 + case when is_rough then 20 else 0 end - m // 7 then 4 else 0 end as score
    from account_months
    where pick(id, 107, 100) < 16
    union all
    select
      'csat', account_id, null, opened_at::date + 1 + pick(ticket_id, 108, 6),
      greatest(1, least(5, 5 - pick(ticket_id, 109, 2) - case when sentiment < 20 then 2 when sentiment < 55 then pick(ticket_id, 110, 2) else 0 end))
    from tickets_made
    where pick(ticket_id, 111, 100) < 30
    union all
    select
      'engagement', null, employee_id, first_day + 9 + pick(employee_id * 64 + m, 112, 8),
      greatest(1, least(10, 9 - pick(employee_id * 64 + m, 113, 4) - case when m between 19 and 22 then 1 else 0 end))
    from months join employees_made on valid_from < first_day and (valid_to is null or valid_to > first_day)
    where m % 3 = 1 and pick(employee_id * 64 + m, 114, 100) < 86
  )
  where answered_on < date '2026-01-01';

create table complaints_made as
  select
    account_id, first_day + pick(id, 115, 28) as received_on,
    case when is_rough and pick(id, 116, 100) < 55 then 'pricing' else ['reliability', 'support', 'usability', 'billing'][1 + pick(id, 117, 4)] end
      as topic
  from account_months
  where pick(id, 118, 1000) < case when is_rough then 52 else 17 end;

-- ------------------------------------------------------------------------------------------------------------------ delivery

create table projects_made as
  select
    account_id as project_id, account_id, segment, country, sold_on, started_on, planned_end,
    case when done_on < date '2026-01-01' then done_on end as finished_on
  from (
    select *, planned_end + pick(account_id, 119, 26) - 14 as done_on
    from (
      select *, started_on + case segment when 'mid_market' then 25 else 55 end + pick(account_id, 120, 30) as planned_end
      from (
        select account_id, segment, country, customer_since as sold_on, customer_since + 3 + pick(account_id, 121, 18) as started_on
        from accounts_made
        where customer_since >= date '2022-10-01' and segment <> 'small'
      )
    )
  )
  where started_on < date '2026-01-01';

create table milestones_made as
  select
    project_id, milestone, due_on,
    case when done_on < date '2026-01-01' then done_on end as done_on
  from (
    select
      *, due_on + case when pick(project_id * 4 + no, 122, 100) < 74 then -pick(project_id * 4 + no, 123, 4) else 1 + pick(project_id * 4 + no, 123, 15) end
        as done_on
    from (
      select project_id, milestone, no, started_on + ((planned_end - started_on) * no // 3)::integer as due_on
      from projects_made, (values ('kick-off', 1), ('data moved', 2), ('handed over', 3)) as steps(milestone, no)
    )
  )
  where due_on < date '2026-02-01';

create table deliveries_made as
  select
    row_number() over (order by promised_on, project_id, no) as delivery_id, project_id, kind, promised_on,
    case when delivered_on < date '2026-01-01' then delivered_on end as delivered_on
  from (
    select
      *, promised_on + case when pick(project_id * 8 + no, 124, 100) < 83 then -pick(project_id * 8 + no, 125, 3) else 1 + pick(project_id * 8 + no, 125, 10) end
        as delivered_on
    from (
      select
        project_id, no, ['training', 'template set', 'integration', 'report'][1 + pick(project_id * 8 + no, 126, 4)] as kind,
        started_on + 8 + no * 9 + pick(project_id * 8 + no, 127, 5) as promised_on
      from (select *, unnest(range(1 + pick(project_id, 128, 4) + case segment when 'enterprise' then 2 else 0 end))::integer as no from projects_made)
    )
  )
  where promised_on < date '2026-01-01';

create table time_sheets_made as
  with
    workers as (
      select
        employee_id, day, d, employee_id * 1200 + d as id
      from employees_made join days on day >= valid_from and (valid_to is null or day < valid_to)
      where department = 'success' and weekday <= 5 and pick(employee_id * 1200 + d, 129, 100) < 90
    ),
    open_projects as (
      select day, list(project_id order by project_id) as projects
      from days left join projects_made on day >= started_on and day < coalesce(finished_on, date '2026-01-01')
      group by day
    )
  select
    employee_id, day as worked_on,
    case when is_billable then projects[1 + pick(id, 131, len(projects))] end as project_id,
    is_billable,
    (case when half = 0 then 5 + pick(id, 132, 5) else 6 + pick(id, 133, 6) end / 2.0)::decimal(4, 1) as hours,
    (38 + pick(employee_id, 134, 9))::decimal(8, 2) as cost_per_hour,
    (case when is_billable then 120 + 10 * pick(employee_id, 135, 3) else 0 end)::decimal(8, 2) as price_per_hour
  from (
    select *, projects[1] is not null and pick(id * 2 + half, 130, 100) < 66 as is_billable
    from workers join open_projects using (day), (values (0), (1)) as halves(half)
  );

create table supplier_checks_made as
  select
    first_day + 4 + no * 6 as checked_on, supplier, pick(m * 32 + no, 136, 100) < reliability as is_met
  from months, (values ('Cloud host', 0, 97), ('Mail relay', 1, 92), ('Payment provider', 2, 95), ('Translation bureau', 3, 81)) as suppliers(supplier, no, reliability);

create table process_checks_made as
  select
    first_day + pick(m * 64 + no, 137, 27) as checked_on,
    ['change review', 'access review', 'offer approval', 'incident review'][1 + no % 4] as process,
    pick(m * 64 + no, 138, 100) < 78 + m // 3 as is_followed
  from (select *, unnest(range(16 + m // 4)) as no from months);

-- ------------------------------------------------------------------------------------------------------- audience and partners

create table followers_made as
  select taken_on, network, (base * (100 + week * growth // 10) // 100 + pick(week * 8 + no, 139, 1 + base // 300))::integer as followers
  from (
    select (date '2023-01-01' + 7 * i)::date as taken_on, i as week from (select i::integer as i from range(157) as weeks(i))
  ), (values ('linkedin', 1, 5200, 13), ('youtube', 2, 1400, 19), ('instagram', 3, 900, 24), ('x', 4, 2100, 4)) as networks(network, no, base, growth)
  where taken_on <> date '2025-08-03';

create table portal_logins_made as
  select working_time(day, id, 140) as logged_in_at, partner, partner || ' ' || (1 + pick(id, 144, 5)) as contact
  from (
    select
      *, (d * 8 + no) * 16 + unnest(range((size * (6 + m // 8) * season * case when weekday <= 5 then 130 else 15 end // 100
        * (60 + pick(d * 8 + no, 142, 80)) + pick(d * 8 + no, 143, 1000000)) // 1000000))
        as id
    from days, (values ('Alder & Co', 1, 210), ('Brightwater', 2, 240), ('Cedar Works', 3, 110), ('Delta Line', 4, 70), ('Eastgate', 5, 90), ('Fjordhaus', 6, 60))
      as partners(partner, no, size)
  );

create table sample_requests_made as
  select working_time(day, d * 8 + no, 145) as requested_at, country_of(d * 8 + no, m) as country,
    ['organic', 'paid_search', 'paid_social', 'partner', 'conference'][1 + pick(d * 8 + no, 148, 5)] as channel
  from (
    select *, unnest(range(((140 + 4 * m) * season * case when weekday <= 5 then 130 else 25 end + pick(d, 149, 1000000)) // 1000000)) as no
    from days
  );

create table interactions_made as
  select
    account_id, working_time(first_day + pick(id * 4 + no, 150, 28), id * 4 + no, 151) as held_at,
    ['mail', 'mail', 'call', 'meeting'][1 + pick(id * 4 + no, 154, 4)] as kind
  from (
    select *, unnest(range(pick(id, 155, case segment when 'small' then 2 when 'mid_market' then 3 else 5 end))) as no from account_months
  );

-- --------------------------------------------------------------------------------------------------------------------- files

create macro moment(t) as (t)::timestamptz;

create table visits_made as
  select visitor_id, visited_at, channel, campaign, country from visitors
  union all
  select
    visitor_id, visited_at + to_minutes(300 + pick(visitor_id * 4 + no, 5, 180) * pick(visitor_id * 4 + no, 6, 150)), channel, campaign, country
  from (select *, unnest(range([0, 0, 0, 1, 1, 2][1 + pick(visitor_id, 7, 6)])) as no from visitors)
  union all
  select visitor_id, created_at - to_minutes(1 + pick(user_id, 2, 12)), 'invitation', null, country from users_made where is_invited;

copy (
  select visitor_id, moment(visited_at) as visited_at, channel, campaign, country from visits_made
  where visited_at >= timestamp '2022-12-31' and visited_at < timestamp '2026-01-01'
  order by visited_at, visitor_id
) to 'visits.parquet' (format parquet, compression zstd, parquet_version v2);

copy (
  select
    account_id, moment(created_at) as created_at, channel, segment, industry, country, partner, customer_since,
    case when partner is not null then 'partner' else 'own' end as sourced_by
  from accounts_made order by account_id
) to 'accounts.parquet' (format parquet, compression zstd, parquet_version v2);

copy (
  select user_id, account_id, visitor_id, moment(created_at) as created_at, channel, country, is_invited from users_made
  order by user_id
) to 'users.parquet' (format parquet, compression zstd, parquet_version v2);

copy (
  select user_id, moment(started_at) as started_at, moment(ended_at) as ended_at from sessions_made order by started_at, user_id
) to 'sessions.parquet' (format parquet, compression zstd, parquet_version v2);

copy (
  select user_id, moment(happened_at) as happened_at, name, feature from events_made order by happened_at, user_id, name, feature
) to 'events.parquet' (format parquet, compression zstd, parquet_version v2);

copy (
  select
    lead_id, moment(created_at) as created_at, moment(qualified_at) as qualified_at, converted_on, channel, country, segment, source
  from leads_made order by lead_id
) to 'leads.parquet' (format parquet, compression zstd, parquet_version v2);

copy (
  select deal_id, lead_id, account_id, source, country, segment, opened_on, closed_on, outcome, amount from deals_made order by deal_id
) to 'deals.parquet' (format parquet, compression zstd, parquet_version v2);

copy (select * from deal_stages_made order by deal_id, valid_from) to 'deal_stages.parquet' (format parquet, compression zstd, parquet_version v2);
copy (select * from subscriptions_made order by subscription_id, valid_from) to 'subscriptions.parquet' (format parquet, compression zstd, parquet_version v2);
copy (select * from invoices_made order by invoice_id) to 'invoices.parquet' (format parquet, compression zstd, parquet_version v2);
copy (select * from costs_made order by posted_on, category, item, channel) to 'costs.parquet' (format parquet, compression zstd, parquet_version v2);
copy (select * from cash_made order by taken_on, bank_account) to 'cash.parquet' (format parquet, compression zstd, parquet_version v2);
copy (select * from employees_made order by employee_id, valid_from) to 'employees.parquet' (format parquet, compression zstd, parquet_version v2);
copy (select * from surveys_made order by answered_on, kind, account_id, employee_id, score) to 'surveys.parquet' (format parquet, compression zstd, parquet_version v2);
copy (select * from complaints_made order by received_on, account_id) to 'complaints.parquet' (format parquet, compression zstd, parquet_version v2);
copy (select * from projects_made order by project_id) to 'projects.parquet' (format parquet, compression zstd, parquet_version v2);
copy (select * from milestones_made order by project_id, due_on) to 'milestones.parquet' (format parquet, compression zstd, parquet_version v2);
copy (select * from deliveries_made order by delivery_id) to 'deliveries.parquet' (format parquet, compression zstd, parquet_version v2);
copy (select * from time_sheets_made order by worked_on, employee_id, is_billable, hours) to 'time_sheets.parquet' (format parquet, compression zstd, parquet_version v2);
copy (select * from supplier_checks_made order by checked_on, supplier) to 'supplier_checks.parquet' (format parquet, compression zstd, parquet_version v2);
copy (select * from process_checks_made order by checked_on, process, is_followed) to 'process_checks.parquet' (format parquet, compression zstd, parquet_version v2);
copy (select * from followers_made order by taken_on, network) to 'followers.parquet' (format parquet, compression zstd, parquet_version v2);
copy (
  select * replace (moment(opened_at) as opened_at, moment(first_answer_at) as first_answer_at, moment(resolved_at) as resolved_at) from tickets_made order by ticket_id
) to 'tickets.parquet' (format parquet, compression zstd, parquet_version v2);
copy (
  select * replace (moment(logged_in_at) as logged_in_at) from portal_logins_made order by logged_in_at, contact
) to 'portal_logins.parquet' (format parquet, compression zstd, parquet_version v2);
copy (
  select * replace (moment(requested_at) as requested_at) from sample_requests_made order by requested_at, country
) to 'sample_requests.parquet' (format parquet, compression zstd, parquet_version v2);
copy (
  select * replace (moment(held_at) as held_at) from interactions_made order by held_at, account_id
) to 'interactions.parquet' (format parquet, compression zstd, parquet_version v2);
