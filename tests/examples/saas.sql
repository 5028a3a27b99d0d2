-- Figures of specs/saas in plain SQL, as an analyst would write them for one question at a time, and not as kpic writes them.
--
-- Each table of the schema `plain` has the name of a view. It holds the rows that there is data for; what the view shows beyond them has
-- to be 0 or null. Runs in the folder of the project.

create schema seen;
create schema plain;

-- What was known on 20 October 2025, with days of Berlin.
create view seen.visits as
  select *, (visited_at at time zone 'Europe/Berlin')::date as day from 'data/visits.parquet' where day <= '2025-10-20' and day >= '2023-01-01';
create view seen.users as
  select *, (created_at at time zone 'Europe/Berlin')::date as day from 'data/users.parquet' where day <= '2025-10-20';
create view seen.sessions as
  select
    user_id, (started_at at time zone 'Europe/Berlin') as began, began::date as day, segment,
    -- By a stopwatch: one session saw the clocks of Berlin go forward.
    epoch(ended_at - started_at) / 60 as minutes
  from 'data/sessions.parquet' join 'data/users.parquet' using (user_id) join 'data/accounts.parquet' using (account_id)
  where day <= '2025-10-20';
create view seen.events as
  select e.*, (happened_at at time zone 'Europe/Berlin')::date as day, segment
  from 'data/events.parquet' e join 'data/users.parquet' using (user_id) join 'data/accounts.parquet' using (account_id)
  where day between '2023-01-01' and '2025-10-20';
create view seen.invoices as
  select i.*, amount * usd_rate as usd, segment, sourced_by
  from 'data/invoices.parquet' i join 'data/accounts.parquet' using (account_id) where issued_on <= '2025-10-20' and status = 'paid';
create view seen.costs as select * from 'data/costs.parquet' where posted_on <= '2025-10-20';
create view seen.deals as select * from 'data/deals.parquet' where closed_on between '2023-01-01' and '2025-10-20';
create view seen.tickets as
  select t.*, (opened_at at time zone 'Europe/Berlin') as opened, (resolved_at at time zone 'Europe/Berlin') as resolved, segment
  from 'data/tickets.parquet' t join 'data/accounts.parquet' using (account_id);
create view seen.months as select unnest(generate_series(date '2023-01-01', date '2025-10-01', interval 1 month))::date as period;
create view seen.days as select unnest(generate_series(date '2023-01-01', date '2025-10-20', interval 1 day))::date as period;

-- ----------------------------------------------------------------------------------------------------------------- marketing

create table plain.visitor_traffic__by_channel as
  select date_trunc('month', day)::date as period, channel, count(distinct visitor_id) as value from seen.visits group by all;

create table plain.visitor_traffic__week as
  select date_trunc('week', day)::date as period, count(distinct visitor_id) as value from seen.visits
  where day >= '2023-01-02' group by all;

create table plain.brand_reach_share__by_channel as
  with of_all as (select date_trunc('month', day)::date as period, count(distinct visitor_id) as everyone from seen.visits group by all)
  select period, channel, value / everyone as value from plain.visitor_traffic__by_channel join of_all using (period);

create table plain.visitor_to_signup_rate as
  with
    came as (select date_trunc('month', day)::date as period, count(distinct visitor_id) as visitors from seen.visits group by all),
    signed_up as (select date_trunc('month', day)::date as period, count(*) as users from seen.users group by all)
  select period, users / visitors as value from came join signed_up using (period);

create table plain.qualified_lead_growth as
  with monthly as (
    select date_trunc('month', qualified_at at time zone 'Europe/Berlin')::date as period, count(*) as leads
    from 'data/leads.parquet' where qualified_at at time zone 'Europe/Berlin' between '2023-01-01' and '2025-10-20 23:59:59' group by all
  )
  select period, leads / lag(leads) over (order by period) - 1 as value from monthly;

-- --------------------------------------------------------------------------------------------------------------------- sales

create table plain.win_rate__by_segment as
  select date_trunc('month', closed_on)::date as period, segment, avg(if(outcome = 'won', 1, 0)) as value from seen.deals group by all;

-- October is compared with 1 to 20 September, and each other month with all of the one before.
create table plain.deals_won_pace as
  with won as (
    select date_trunc('month', closed_on)::date as period, count(*) as deals, count(*) filter (day(closed_on) <= 20) as to_the_20th
    from seen.deals where outcome = 'won' group by all
  )
  select this.period, this.deals / if(this.period = '2025-10-01', last.to_the_20th, last.deals) - 1 as value
  from won as this join won as last on last.period = this.period - interval 1 month;

create table plain.sales_cycle_length as
  select date_trunc('month', closed_on)::date as period, avg(closed_on - opened_on) as value from seen.deals where outcome = 'won' group by all;

create table plain.time_to_close__by_segment as
  select date_trunc('month', closed_on)::date as period, segment, median(closed_on - opened_on) as value from seen.deals
  where outcome = 'won' group by all;

create table plain.partner_sourced_share as
  select date_trunc('month', issued_on)::date as period, sum(if(sourced_by = 'partner', usd, 0)) / sum(usd) as value from seen.invoices group by all;

create table plain.portal_login_change as
  with daily as (
    select period, count(logged_in_at) as logins
    from seen.days left join 'data/portal_logins.parquet' on (logged_in_at at time zone 'Europe/Berlin')::date = period group by all
  )
  select now.period, now.logins - before.logins as value from daily as now join daily as before on before.period = now.period - 7;

-- ------------------------------------------------------------------------------------------------------------------- product

create table plain.dau__by_segment as
  select day as period, segment, count(distinct user_id) as value from seen.sessions where day >= '2023-01-01' group by all;

create table plain.mau__month as
  select period, count(distinct user_id) as value
  from (
    -- The 28 days up to a month's end lie in that month, or in the one before it.
    select user_id, day, unnest([date_trunc('month', day)::date, (date_trunc('month', day) + interval 1 month)::date]) as period
    from seen.sessions
  )
  where period between '2023-01-01' and '2025-10-20' and day >= least(period + interval 1 month, timestamp '2025-10-21') - interval 28 day
  group by all;

create table plain.dau_mau_ratio as
  with daily as (select period, count(distinct user_id) as dau from seen.days left join seen.sessions on day = period group by all)
  select date_trunc('month', daily.period)::date as period, avg(dau) / any_value(mau.value) as value
  from daily join plain.mau__month as mau on mau.period = date_trunc('month', daily.period)
  group by all;

create table plain.session_duration__week__by_segment as
  select date_trunc('week', day)::date as period, segment, avg(minutes) as value from seen.sessions where day >= '2023-01-02' group by all;

create table plain.retention_rate as
  with monthly as (select distinct date_trunc('month', day)::date as period, user_id from seen.sessions)
  select before.period + interval 1 month as period, count(now.user_id) / count(*) as value
  from monthly as before left join monthly as now on now.user_id = before.user_id and now.period = before.period + interval 1 month
  where before.period < '2025-10-01'
  group by all;

create table plain.cohort_retention as
  with
    cohorts as (select user_id, date_trunc('month', day)::date as period from seen.users where day >= '2023-01-01'),
    sizes as (select period, count(*) as users from cohorts group by all),
    monthly as (select distinct user_id, date_trunc('month', day)::date as month from seen.sessions),
    active as (
      select period, datediff('month', period, month) as age, count(*) as users
      from cohorts join monthly using (user_id) where age between 0 and 12 group by all
    )
  select period, age, active.users / sizes.users as value from active join sizes using (period);

create table plain.cohort_retention__by_channel as
  with
    cohorts as (select user_id, channel, date_trunc('month', day)::date as period from seen.users where day >= '2023-01-01'),
    ages as (select unnest(range(13)) as age),
    monthly as (select distinct user_id, date_trunc('month', day)::date as month from seen.sessions)
  select period, age, channel, count(monthly.user_id) / count(*) as value
  from cohorts cross join ages
  left join monthly on monthly.user_id = cohorts.user_id and monthly.month = period + to_months(age::integer)
  where period + to_months(age::integer) <= '2025-10-20'
  group by all;

create table plain.feature_adoption_rate__by_feature__segment as
  with
    active as (select date_trunc('month', day)::date as period, segment, count(distinct user_id) as users from seen.sessions group by all)
  select period, feature, segment, count(distinct user_id) / any_value(users) as value
  from (select *, date_trunc('month', day)::date as period from seen.events where name = 'feature_used') join active using (period, segment)
  group by all;

create table plain.interactions_per_user__by_segment as
  with
    active as (select date_trunc('month', day)::date as period, segment, count(distinct user_id) as users from seen.sessions group by all)
  select period, segment, count(*) / any_value(users) as value
  from (select *, date_trunc('month', day)::date as period from seen.events where name in ('like', 'comment')) join active using (period, segment)
  group by all;

-- ------------------------------------------------------------------------------------------------------------------- revenue

create table plain.revenue__quarter__by_country as
  select date_trunc('quarter', issued_on)::date as period, country, sum(usd) as value from seen.invoices group by all;

create table plain.revenue_growth_3m as
  with
    monthly as (select date_trunc('month', issued_on)::date as period, sum(usd) as usd from seen.invoices group by all),
    smooth as (select period, avg(usd) over (order by period rows 2 preceding) as mean from monthly)
  select period, mean / lag(mean) over (order by period) - 1 as value from smooth;

create table plain.revenue_concentration as
  with
    customers as (select date_trunc('month', issued_on)::date as period, account_id, sum(usd) as usd from seen.invoices group by all),
    ranked as (select *, row_number() over (partition by period order by usd desc) as place from customers)
  select period, sum(usd) filter (place <= 10) / sum(usd) as value from ranked group by all;

create table plain.effective_customers as
  with customers as (select date_trunc('month', issued_on)::date as period, account_id, sum(usd) as usd from seen.invoices group by all)
  select period, sum(usd) ** 2 / sum(usd ** 2) as value from customers group by all;

create table plain.new_markets__quarter as
  with firsts as (select country, min(issued_on) as day from seen.invoices group by all)
  select date_trunc('quarter', day)::date as period, count(*) as value from firsts where day >= '2023-04-01' group by all;

-- ------------------------------------------------------------------------------------------------------- service and delivery

create table plain.time_to_resolution_p90__by_priority as
  select
    date_trunc('month', resolved)::date as period, priority, quantile_cont(epoch(resolved_at - opened_at) / 3600, 0.9) as value
  from seen.tickets where resolved >= '2023-01-01' and resolved < '2025-10-21' group by all;

create table plain.sla_compliance_rate__week as
  select date_trunc('week', opened)::date as period, avg(if(first_answer_at - opened_at <= to_hours(promised_hours), 1, 0)) as value
  from seen.tickets where opened >= '2023-01-02' and opened < '2025-10-21' group by all;

create table plain.nps__by_segment as
  select
    date_trunc('month', answered_on)::date as period, segment,
    avg(case when score >= 9 then 100 when score <= 6 then -100 else 0 end) as value
  from 'data/surveys.parquet' join 'data/accounts.parquet' using (account_id)
  where kind = 'nps' and answered_on between '2023-01-01' and '2025-10-20' group by all;

create table plain.onboarding_time as
  select date_trunc('month', finished_on)::date as period, median(finished_on - sold_on) as value
  from 'data/projects.parquet' where finished_on between '2023-01-01' and '2025-10-20' group by all;

create table plain.value_per_hour as
  select date_trunc('month', worked_on)::date as period, sum(hours * price_per_hour) / sum(hours) as value
  from 'data/time_sheets.parquet' where worked_on <= '2025-10-20' group by all;

-- ------------------------------------------------------------------------------------------------------- finance and people

create table plain.cac__quarter__by_channel as
  with
    spent as (
      select date_trunc('quarter', posted_on)::date as period, channel, sum(amount) as usd from seen.costs
      where category in ('sales', 'marketing') group by all
    ),
    won as (
      select date_trunc('quarter', customer_since)::date as period, channel, count(*) as customers from 'data/accounts.parquet'
      where customer_since between '2023-01-01' and '2025-10-20' group by all
    )
  select period, channel, usd / customers as value from spent left join won using (period, channel);

create table plain.contribution_margin as
  select
    period,
    1 - (select sum(amount) from seen.costs where category <> 'operating' and date_trunc('month', posted_on) = period)
      / (select sum(usd) from seen.invoices where date_trunc('month', issued_on) = period) as value
  from seen.months;

create table plain.burn__quarter as
  select period, sum(usd) as value
  from (
    select date_trunc('quarter', posted_on)::date as period, amount as usd from seen.costs
    union all
    select date_trunc('quarter', issued_on)::date, -usd from seen.invoices
  )
  group by all;

create table plain.engagement_score as
  select date_trunc('quarter', answered_on)::date as period, avg(score) as value
  from 'data/surveys.parquet' where kind = 'engagement' and answered_on between '2023-01-01' and '2025-10-20' group by all;

-- -------------------------------------------------------------------------------------------------- what holds for a while

-- What each account pays and has at the beginning and end of each month: the last state that began before.
create table seen.pairs as
  with
    ends as (select period, period as opens, least(period + interval 1 month, timestamp '2025-10-21')::date as closes from seen.months),
    sides as (
      select
        period, account_id, min(valid_from) as first_day,
        coalesce(sum(mrr) filter (valid_from < opens and coalesce(valid_to, '9999-12-31') >= opens), 0) as before,
        coalesce(sum(mrr) filter (valid_from < closes and coalesce(valid_to, '9999-12-31') >= closes), 0) as after,
        coalesce(sum(seats) filter (valid_from < opens and coalesce(valid_to, '9999-12-31') >= opens), 0) as seats_before,
        coalesce(sum(seats) filter (valid_from < closes and coalesce(valid_to, '9999-12-31') >= closes), 0) as seats_after,
        coalesce(sum(modules) filter (valid_from < opens and coalesce(valid_to, '9999-12-31') >= opens), 0) as modules_before,
        coalesce(sum(modules) filter (valid_from < closes and coalesce(valid_to, '9999-12-31') >= closes), 0) as modules_after
      from ends, 'data/subscriptions.parquet'
      group by all
    )
  select *, first_day < period as was_before from sides join (select account_id, segment, channel from 'data/accounts.parquet') using (account_id);

create table plain.mrr__by_segment as
  select period, segment, sum(after) as value from seen.pairs group by all;

create table plain.mrr_new as
  select period, sum(after) as value from seen.pairs where before = 0 and not was_before group by all;

create table plain.mrr_reactivated__by_segment as
  select period, segment, sum(after) as value from seen.pairs where before = 0 and was_before and after > 0 group by all;

create table plain.mrr_expansion__by_channel as
  select period, channel, sum(after - before) as value from seen.pairs where before > 0 and after > before group by all;

create table plain.net_revenue_retention as
  select period, sum(after) / sum(before) as value from seen.pairs where before > 0 group by all;

create table plain.gross_dollar_retention__by_segment as
  select period, segment, sum(least(before, after)) / sum(before) as value from seen.pairs where before > 0 group by all;

create table plain.customer_churn_rate__by_segment as
  select period, segment, avg(if(after = 0, 1, 0)) as value from seen.pairs where before > 0 group by all;

create table plain.expansion_velocity as
  select period, avg(if(seats_after > seats_before or modules_after > modules_before, 1, 0)) as value from seen.pairs where before > 0 group by all;

create table plain.ltv as
  select
    period,
    any_value(margin) * sum(after) / count(*) filter (after > 0)
      / (count(*) filter (before > 0 and after = 0) / count(*) filter (before > 0)) as value
  from seen.pairs join (
    select
      period,
      1 - (select coalesce(sum(amount), 0) from seen.costs where category = 'cogs' and date_trunc('month', posted_on) = period)
        / (select sum(usd) from seen.invoices where date_trunc('month', issued_on) = period) as margin
    from seen.months
  ) using (period)
  group by all
  -- A month without a lost customer has no lifetime value.
  having count(*) filter (before > 0 and after = 0) > 0;

create table plain.pipeline_value__by_stage as
  select period, stage, sum(amount) as value
  from seen.months join 'data/deal_stages.parquet'
    on valid_from < least(period + interval 1 month, timestamp '2025-10-21')
    and (valid_to is null or valid_to >= least(period + interval 1 month, timestamp '2025-10-21'))
  group by all;

create table plain.headcount__by_department as
  select period, department, count(*) as value
  from seen.months join 'data/employees.parquet'
    on valid_from < least(period + interval 1 month, timestamp '2025-10-21')
    and (valid_to is null or valid_to >= least(period + interval 1 month, timestamp '2025-10-21'))
  group by all;

create table plain.implementation_backlog as
  select period, count(*) as value
  from seen.months join 'data/projects.parquet'
    on sold_on < least(period + interval 1 month, timestamp '2025-10-21')
    and (finished_on is null or finished_on >= least(period + interval 1 month, timestamp '2025-10-21'))
  group by all;

create table plain.cash_runway_months as
  with
    flows as (
      select date_trunc('month', posted_on)::date as period, amount as usd from seen.costs
      union all
      select date_trunc('month', issued_on)::date, -usd from seen.invoices
    ),
    burnt as (select period, sum(usd) as usd from flows group by all),
    levels as (
      select period, (select sum(balance) from 'data/cash.parquet' where taken_on = (
        select max(taken_on) from 'data/cash.parquet' where taken_on < least(period + interval 1 month, timestamp '2025-10-21'))) as cash
      from seen.months
    )
  select period, cash / avg(usd) over (order by period rows 2 preceding) as value from levels join burnt using (period);

create table plain.social_followers__week__by_network as
  select period, network, followers as value
  from (select unnest(generate_series(date '2023-01-02', date '2025-10-20', interval 7 day))::date as period)
  join 'data/followers.parquet' on taken_on = (
    select max(taken_on) from 'data/followers.parquet' where taken_on < least(period + 7, date '2025-10-21'));

-- ------------------------------------------------------------------------------------------------------------- journeys

create table seen.firsts as
  select *, qualified_at at time zone 'Europe/Berlin' as qualified, qualified_at - created_at as to_qualify
  from (select
    u.user_id, u.created_at, u.account_id, u.channel, u.created_at at time zone 'Europe/Berlin' as signed_up, u.is_invited,
    (select min(happened_at at time zone 'Europe/Berlin') from 'data/events.parquet' as e
      where e.user_id = u.user_id and name = 'plan_published' and happened_at >= u.created_at
        and e.happened_at < timestamptz '2025-10-20 22:00:00+00') as activated,
    (select min(happened_at) from 'data/events.parquet' as e
      where e.user_id = u.user_id and name = 'qualified'
        and e.happened_at < timestamptz '2025-10-20 22:00:00+00') as qualified_at
  from 'data/users.parquet' as u
  where signed_up < '2025-10-21');

create table plain.activation_rate__by_channel as
  select date_trunc('month', signed_up)::date as period, channel, avg(if(activated <= signed_up + interval 7 day, 1, 0)) as value
  from seen.firsts where not is_invited and signed_up >= '2023-01-01' group by all;

create table plain.signup_to_pql_rate as
  select date_trunc('month', signed_up)::date as period, avg(if(qualified <= signed_up + interval 30 day, 1, 0)) as value
  from seen.firsts where not is_invited and signed_up >= '2023-01-01' group by all;

create table plain.time_to_pql as
  select date_trunc('month', qualified)::date as period, median(epoch(to_qualify) / 86400) as value
  from seen.firsts where not is_invited and qualified >= '2023-01-01' group by all;

create table plain.pql_to_customer_rate as
  select
    date_trunc('month', qualified)::date as period,
    avg(if(customer_since between qualified::date and least(qualified::date + 90, date '2025-10-20'), 1, 0)) as value
  from seen.firsts join 'data/accounts.parquet' using (account_id)
  where qualified >= '2023-01-01'
  group by all;

create table plain.time_to_value__by_segment as
  select date_trunc('month', completed)::date as period, segment, median(completed - customer_since) as value
  from (
    select account_id, segment, customer_since, min((happened_at at time zone 'Europe/Berlin')::date) as completed
    from 'data/accounts.parquet' join 'data/users.parquet' using (account_id) join 'data/events.parquet' using (user_id)
    where name = 'plan_completed' and customer_since <= '2025-10-20' and happened_at < timestamptz '2025-10-20 22:00:00+00'
      and (happened_at at time zone 'Europe/Berlin')::date >= customer_since
    group by all
  )
  where completed >= '2023-01-01'
  group by all;
