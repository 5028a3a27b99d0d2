//! The figures of `specs/cdnow`, worked out from the purchases one by one.

use crate::cards::{self, Series};
use crate::days::{Day, Grain, Period};
use crate::figures::{Cell, Expected, Names, Slices, Source, View, count, number, percentile};
use crate::project::Rows;
use std::collections::HashMap;

/// Reads the raw rows, as they are.
pub(crate) const QUERY: &str = "select customer_id, purchased_on, cds, amount from read_parquet('data/transactions.parquet')";

/// A handful of purchases instead, with all that the real ones lack: days, weeks and months without any, revenue of nothing to
/// grow from, a purchase before the first day shown and one after the last.
pub(crate) const FEW: &str = "
  select customer_id, cast(purchased_on as date) as purchased_on, cast(cds as integer) as cds,
    cast(amount as decimal(10, 2)) as amount
  from (values
    ('early', '1996-12-31', 1, 11.77), ('early', '1997-01-01', 2, 20.10), ('early', '1997-03-31', 4, 0),
    ('free', '1997-01-05', 5, 0), ('free', '1997-01-05', 1, 0), ('free', '1997-01-06', 1, 0),
    ('steady', '1997-02-28', 1, 9.99), ('steady', '1997-03-31', 5, 50.01), ('steady', '1997-05-29', 9, 123.45),
    ('steady', '1997-06-30', 1, 0.01), ('steady', '1997-12-31', 6, 66.60), ('steady', '1998-01-01', 2, 33.33),
    ('late', '1998-05-31', 3, 30.30), ('late', '1998-06-30', 3, 40.40), ('late', '1998-07-01', 7, 70.70),
    ('too_late', '1998-07-01', 1, 10.10)
  ) as purchases(customer_id, purchased_on, cds, amount)";

pub(crate) struct Purchase {
    customer: usize,
    day: Day,
    cds: i64,
    cents: i64,
    basket: usize,
    /// The month of the customer's first purchase.
    cohort: Day,
    cohort_number: usize,
}

pub(crate) struct Shop {
    purchases: Source<Purchase>,
    /// The day of the first purchase of each customer.
    first_days: Vec<Day>,
    baskets: Names,
    cohorts: Names,
}

impl Shop {
    /// The shop as it is seen at the end of a day.
    pub(crate) fn read(rows: &Rows, as_of: Day) -> Self {
        let (mut customers, mut baskets, mut cohorts) = (Names::default(), Names::default(), Names::default());
        let mut first_days: Vec<Day> = Vec::new();
        let mut purchases = Vec::new();
        for row in rows.iter() {
            let [customer, day, cds, amount] = row.as_slice() else { panic!("{row:?}") };
            let (customer, day) = (customers.number(customer), Day::parse(day));
            if customer == first_days.len() {
                first_days.push(day);
            }
            first_days[customer] = first_days[customer].min(day);
            let cds: i64 = cds.parse().unwrap();
            let basket = baskets.number(match cds {
                ..2 => "single",
                2..5 => "small",
                5.. => "large",
            });
            purchases.push(Purchase { customer, day, cds, cents: cents(amount), basket, cohort: day, cohort_number: 0 });
        }
        for purchase in &mut purchases {
            purchase.cohort = first_days[purchase.customer].first_of_month();
            purchase.cohort_number = cohorts.number(&purchase.cohort.to_string());
        }
        let start = Day::of(1997, 1, 1);
        Self { purchases: Source::new(purchases, |purchase| purchase.day, start, as_of), first_days, baskets, cohorts }
    }

    /// What is known of the data from elsewhere.
    pub(crate) fn check_facts(&self) {
        let all = self.purchases.between(Day::of(1900, 1, 1), Day::of(2100, 1, 1));
        assert_eq!(all.len(), 69_659);
        assert_eq!(self.first_days.len(), 23_570);
        assert_eq!(all.iter().map(|purchase| purchase.cds).sum::<i64>(), 167_881);
        assert_eq!(all.iter().map(|purchase| purchase.cents).sum::<i64>(), 250_031_563);
        assert!(all.iter().all(|purchase| purchase.day >= self.purchases.start && purchase.day <= self.purchases.as_of));
    }

    pub(crate) fn figures(&self) -> Expected {
        let mut expected = Expected::default();
        self.sales(&mut expected);
        self.customers(&mut expected);
        self.windows(&mut expected);
        self.values(&mut expected);
        self.slices(&mut expected);
        self.scorecard(&mut expected);
        expected
    }

    fn sales(&self, expected: &mut Expected) {
        let source = &self.purchases;
        let of = |period| source.of(period);
        expected.total("revenue", source, Grain::Month, |period| Cell::cents(revenue(of(period))));
        expected.total("revenue__week", source, Grain::Week, |period| Cell::cents(revenue(of(period))));
        expected.total("purchases", source, Grain::Month, |period| Cell::Count(count(of(period).len())));
        expected.total("purchases__day", source, Grain::Day, |period| Cell::Count(count(of(period).len())));
        expected.total("cds_sold", source, Grain::Month, |period| {
            Cell::Count(of(period).iter().map(|purchase| purchase.cds).sum())
        });
        expected.total("average_order_value", source, Grain::Month, |period| self.average_order_value(period));
        expected.total("median_order_value", source, Grain::Month, |period| {
            let cents = of(period).iter().map(|purchase| purchase.cents).collect();
            percentile(cents, 50).map_or(Cell::Null, |cents| Cell::Number(cents / 100.0))
        });
        expected.total("parcel_size", source, Grain::Month, |period| {
            let mut cds: Vec<i64> = of(period).iter().map(|purchase| purchase.cds).collect();
            cds.sort_unstable();
            // The first size up to which nine of ten orders go.
            let fits = |size: &&i64| count(cds.iter().filter(|other| *other <= *size).count()) * 10 >= count(cds.len()) * 9;
            cds.iter().find(fits).map_or(Cell::Null, |size| Cell::Count(*size))
        });
        expected.total("free_order_share", source, Grain::Month, |period| {
            let free = of(period).iter().filter(|purchase| purchase.cents == 0).count();
            Cell::ratio(count(free), count(of(period).len()))
        });
        expected.total("large_basket_share", source, Grain::Month, |period| {
            let large = of(period).iter().filter(|purchase| purchase.cds >= 5).map(|purchase| purchase.cents).sum();
            Cell::ratio(large, revenue(of(period)))
        });
        expected.total("revenue_growth", source, Grain::Month, |period| self.growth(period, 1));
        expected.total("revenue_growth_yoy", source, Grain::Month, |period| self.growth(period, 12));
        expected.total("best_day", source, Grain::Month, |period| {
            let mut best = 0;
            let mut day = period.start;
            while day < period.end {
                best = best.max(source.between(day, day.plus(1)).len());
                day = day.plus(1);
            }
            Cell::Count(count(best))
        });
    }

    fn customers(&self, expected: &mut Expected) {
        let source = &self.purchases;
        expected.total("buyers", source, Grain::Month, |period| Cell::Count(self.buyers(source.of(period))));
        expected.total("new_buyers", source, Grain::Month, |period| {
            let is_new = |day: &&Day| **day >= period.start && **day < source.anchor(period);
            Cell::Count(count(self.first_days.iter().filter(is_new).count()))
        });
        expected.total("repeat_buyer_share", source, Grain::Month, |period| self.repeat_buyer_share(period));
        expected.total("revenue_per_buyer", source, Grain::Month, |period| {
            let rows = source.of(period);
            Cell::ratio(revenue(rows), self.buyers(rows)).as_number().map_or(Cell::Null, |cents| Cell::Number(cents / 100.0))
        });
        expected.total("top_100_share", source, Grain::Month, |period| {
            let mut spent: HashMap<usize, i64> = HashMap::new();
            for purchase in source.of(period) {
                *spent.entry(purchase.customer).or_default() += purchase.cents;
            }
            let mut spent: Vec<i64> = spent.into_values().collect();
            spent.sort_unstable_by_key(|cents| -cents);
            Cell::ratio(spent.iter().take(100).sum(), revenue(source.of(period)))
        });
    }

    fn windows(&self, expected: &mut Expected) {
        let source = &self.purchases;
        for (name, grain) in [("active_buyers_90d", Grain::Month), ("active_buyers_90d__day", Grain::Day)] {
            let whole = |period| self.has_90_days(period);
            expected.windowed(name, source, grain, |period| Cell::Count(self.active_buyers(period)), whole);
        }
        expected.total("revenue_year_to_date", source, Grain::Month, |period| {
            let last_day = source.anchor(period).plus(-1);
            Cell::cents(revenue(source.between(last_day.first_of_year(), source.anchor(period))))
        });
        let so_far = |period| source.between(Day::of(1900, 1, 1), source.anchor(period));
        expected.total("lifetime_buyers", source, Grain::Month, |period| Cell::Count(self.buyers(so_far(period))));
        expected.total("purchase_interval", source, Grain::Month, |period| {
            let mut days: HashMap<usize, (Day, Day, i64)> = HashMap::new();
            for purchase in so_far(period) {
                let (first, last, count) = days.entry(purchase.customer).or_insert((purchase.day, purchase.day, 0));
                (*first, *last, *count) = ((*first).min(purchase.day), (*last).max(purchase.day), *count + 1);
            }
            let came_back = days.into_values().filter(|(_, _, purchases)| *purchases > 1);
            let intervals: Vec<f64> =
                came_back.map(|(first, last, purchases)| number(last.0 - first.0) / number(purchases - 1)).collect();
            if intervals.is_empty() {
                Cell::Null
            } else {
                Cell::Number(intervals.iter().sum::<f64>() / number(count(intervals.len())))
            }
        });
        expected.total("loyal_buyers", source, Grain::Month, |period| {
            let mut purchases: HashMap<usize, usize> = HashMap::new();
            for purchase in so_far(period) {
                *purchases.entry(purchase.customer).or_default() += 1;
            }
            Cell::Count(count(purchases.into_values().filter(|purchases| *purchases >= 5).count()))
        });
    }

    /// What the new buyers of a month have brought up to each month of age, and in the first 90 days of each.
    fn values(&self, expected: &mut Expected) {
        let source = &self.purchases;
        let is_new = |period: Period, day: Day| day >= period.start && day < source.anchor(period);
        let new = |period| count(self.first_days.iter().filter(|day| is_new(period, **day)).count());
        let dollars =
            |cents, buyers| Cell::ratio(cents, buyers).as_number().map_or(Cell::Null, |cents| Cell::Number(cents / 100.0));
        let months = source.periods(Grain::Month);
        let mut view = View::new(&["period", "age"], &["value", "is_complete"]);
        for (at, cohort) in months.iter().enumerate() {
            for (age, month) in months[at..].iter().take(16).enumerate() {
                let rows = source.between(cohort.start, source.anchor(*month)).iter();
                let own = rows.filter(|purchase| is_new(*cohort, self.first_days[purchase.customer]));
                let value = dollars(own.map(|purchase| purchase.cents).sum(), new(*cohort));
                view.row(&[&cohort.start.to_string(), &age.to_string()], vec![value, Cell::Flag(month.is_over)]);
            }
        }
        expected.add("lifetime_value", view);
        let first_90_days = |period: Period| {
            let rows = source.between(period.start, source.as_of.plus(1)).iter();
            let own = rows.filter(|purchase| {
                let first = self.first_days[purchase.customer];
                is_new(period, first) && purchase.day >= first && purchase.day <= first.plus(90)
            });
            dollars(own.map(|purchase| purchase.cents).sum(), new(period))
        };
        let is_whole = |period: Period| period.end.plus(90) <= source.as_of.plus(1);
        expected.windowed("first_90_days_value", source, Grain::Month, first_90_days, is_whole);
    }

    fn slices(&self, expected: &mut Expected) {
        let source = &self.purchases;
        let basket =
            Slices { dimension: "basket", values: &self.baskets, value: |row: &Purchase| row.basket, appears: |_| true };
        let cohort =
            Slices { dimension: "cohort", values: &self.cohorts, value: |row: &Purchase| row.cohort_number, appears: |_| true };
        let paid = |_, rows: &[&Purchase]| Cell::cents(rows.iter().map(|purchase| purchase.cents).sum());
        expected.sliced("revenue__by_basket", source, Grain::Month, &basket, paid);
        expected.sliced("revenue__week__by_basket", source, Grain::Week, &basket, paid);
        expected.sliced("revenue__by_cohort", source, Grain::Month, &cohort, paid);
        expected.sliced("revenue__week__by_cohort", source, Grain::Week, &cohort, paid);
        expected.sliced("buyers__by_cohort", source, Grain::Month, &cohort, |_, rows| {
            Cell::Count(self.buyers(rows.iter().copied()))
        });
    }

    fn scorecard(&self, expected: &mut Expected) {
        let source = &self.purchases;
        let active = |period| Cell::Count(self.active_buyers(period));
        let series = [
            Series::new("revenue", "USD", "sales", |period| Cell::cents(revenue(source.of(period)))),
            Series::new("revenue_growth", "%", "sales", |period| self.growth(period, 1)),
            Series::new("average_order_value", "USD", "sales", |period| self.average_order_value(period)),
            Series::new("buyers", "buyer", "loyalty", |period| Cell::Count(self.buyers(source.of(period)))),
            Series::new("repeat_buyer_share", "%", "loyalty", |period| self.repeat_buyer_share(period)),
            Series {
                is_whole: Box::new(|period| self.has_90_days(period)),
                ..Series::new("active_buyers_90d", "buyer", "loyalty", active)
            },
        ];
        cards::add(expected, "monthly_review", "month", &source.periods(Grain::Month), &series);
    }

    /// How many different customers there are among some purchases.
    fn buyers<'a>(&self, purchases: impl IntoIterator<Item = &'a Purchase>) -> i64 {
        let mut bought = vec![false; self.first_days.len()];
        for purchase in purchases {
            bought[purchase.customer] = true;
        }
        count(bought.into_iter().filter(|bought| *bought).count())
    }

    fn average_order_value(&self, period: Period) -> Cell {
        let rows = self.purchases.of(period);
        if rows.is_empty() { Cell::Null } else { Cell::Number(number(revenue(rows)) / 100.0 / number(count(rows.len()))) }
    }

    /// The growth of revenue since the month that lies some months back.
    fn growth(&self, period: Period, months: usize) -> Cell {
        let mut start = period.start;
        for _ in 0..months {
            start = start.plus(-1).first_of_month();
        }
        if start < self.purchases.start {
            return Cell::Null;
        }
        let end = start.plus(31).first_of_month();
        let (now, then) = (revenue(self.purchases.of(period)), revenue(self.purchases.between(start, end)));
        Cell::ratio(now - then, then.abs())
    }

    fn repeat_buyer_share(&self, period: Period) -> Cell {
        let rows = self.purchases.of(period);
        let is_repeated = |purchase: &&Purchase| purchase.cohort < purchase.day.first_of_month();
        Cell::ratio(self.buyers(rows.iter().filter(is_repeated)), self.buyers(rows))
    }

    fn active_buyers(&self, period: Period) -> i64 {
        let end = self.purchases.anchor(period);
        self.buyers(self.purchases.between(end.plus(-90), end))
    }

    fn has_90_days(&self, period: Period) -> bool {
        self.purchases.anchor(period).plus(-90) >= self.purchases.start
    }
}

fn revenue(purchases: &[Purchase]) -> i64 {
    purchases.iter().map(|purchase| purchase.cents).sum()
}

/// An amount as it is written, with two decimals, in cents.
fn cents(amount: &str) -> i64 {
    let (dollars, cents) = amount.split_once('.').unwrap();
    assert_eq!(cents.len(), 2, "{amount}");
    dollars.parse::<i64>().unwrap() * 100 + cents.parse::<i64>().unwrap()
}
