//! The figures of `specs/flights`, worked out from the flights one by one.

use crate::cards::{self, Series};
use crate::days::{Day, Grain, Period, in_new_york};
use crate::figures::{Cell, Expected, Names, Slices, Source, View, count, number, percentile};
use crate::project::{NULL, Rows};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Read the raw rows, as they are; instants as seconds since 1970.
pub(crate) const QUERIES: [(&str, &str); 5] = [
    (
        "flights",
        "select epoch_us(time_hour) // 1000000 as at, year, month, day, hour, carrier, tailnum, origin, dest,
           dep_time, dep_delay, arr_delay, air_time, distance
         from read_parquet('data/flights.parquet')",
    ),
    ("airlines", "select carrier, name from read_parquet('data/airlines.parquet')"),
    ("airports", "select faa, name from read_parquet('data/airports.parquet')"),
    ("planes", "select tailnum, seats from read_parquet('data/planes.parquet')"),
    ("weather", "select origin, epoch_us(time_hour) // 1000000 as at, visib from read_parquet('data/weather.parquet')"),
];

/// A handful of flights instead, with all that the real ones lack: days, weeks and months without any, hours at which clocks
/// change, airlines and airports that no register has, and flights before the first day shown and after the last.
pub(crate) const FEW: &str = "
  select cast(time_hour || ':00:00+00' as timestamptz) as time_hour, year, month, day, hour, carrier, number as flight, tailnum,
    origin, dest, dep_time, dep_delay, arr_delay, air_time, distance
  from (values
    ('2013-01-01 04', 2012, 12, 31, 23, 'AA', 1, 'N328AA', 'JFK', 'LAX', 2300, 0, 0, 330, 2475),
    ('2013-01-01 05', 2013, 1, 1, 0, 'AA', 2, 'N328AA', 'JFK', 'LAX', 5, 5, 15, 330, 2475),
    ('2013-01-01 05', 2013, 1, 1, 0, 'UA', 3, 'N328AA', 'JFK', 'SJU', null, null, null, null, 1598),
    ('2013-01-08 04', 2013, 1, 7, 23, 'ZZ', 4, 'unknown', 'EWR', 'ORD', 2320, 20, 16, 100, 719),
    ('2013-03-10 04', 2013, 3, 9, 23, 'UA', 5, null, 'LGA', 'ORD', 2300, 0, -7, 110, 733),
    ('2013-03-10 06', 2013, 3, 10, 1, 'UA', 6, 'N328AA', 'LGA', 'ORD', 110, 10, 8, 120, 733),
    ('2013-03-10 07', 2013, 3, 10, 3, 'UA', 7, 'N328AA', 'LGA', 'ORD', 330, 30, null, null, 733),
    ('2013-03-11 03', 2013, 3, 10, 23, 'UA', 8, 'N328AA', 'LGA', 'ORD', 2255, -5, -20, 90, 733),
    ('2013-03-11 04', 2013, 3, 11, 0, 'B6', 9, 'N328AA', 'XXX', 'ORD', null, null, null, null, 500),
    ('2013-07-01 03', 2013, 6, 30, 23, 'AA', 10, 'N328AA', 'JFK', 'YYY', 2300, 0, 0, 0, 0),
    ('2013-07-01 04', 2013, 7, 1, 0, 'AA', 11, 'N328AA', 'JFK', 'LAX', 50, 50, 45, 300, 2475),
    ('2013-11-03 04', 2013, 11, 3, 0, 'AA', 12, 'N328AA', 'JFK', 'LAX', 1, 1, 2, 300, 2475),
    ('2013-11-03 05', 2013, 11, 3, 1, 'AA', 13, 'N328AA', 'JFK', 'LAX', 102, 2, 3, 300, 2475),
    ('2013-11-03 06', 2013, 11, 3, 1, 'AA', 14, 'N328AA', 'JFK', 'LAX', 104, 4, 5, 300, 2475),
    ('2013-11-03 07', 2013, 11, 3, 2, 'AA', 15, 'N328AA', 'JFK', 'LAX', 208, 8, 9, 300, 2475),
    ('2013-11-04 04', 2013, 11, 3, 23, 'AA', 16, 'N328AA', 'JFK', 'LAX', 2316, 16, 17, 300, 2475),
    ('2013-11-04 05', 2013, 11, 4, 0, 'AA', 17, 'N328AA', 'JFK', 'LAX', 32, 32, 33, 300, 2475),
    ('2014-01-01 04', 2013, 12, 31, 23, 'AA', 18, 'N328AA', 'JFK', 'LAX', 2300, 0, 0, 300, 2475),
    ('2014-01-01 05', 2014, 1, 1, 0, 'AA', 19, 'N328AA', 'JFK', 'LAX', 1, 1, 1, 300, 2475)
  ) as flights(time_hour, year, month, day, hour, carrier, number, tailnum, origin, dest, dep_time, dep_delay, arr_delay,
    air_time, distance)";

pub(crate) struct Flight {
    day: Day,
    hour: usize,
    airline: usize,
    airport: usize,
    plane: Option<usize>,
    seats: Option<i64>,
    /// From where to where, if the register has both airports.
    route: Option<(usize, usize)>,
    visibility: Option<f64>,
    is_cancelled: bool,
    dep_delay: Option<i64>,
    arr_delay: Option<i64>,
    air_time: Option<i64>,
    distance: i64,
}

pub(crate) struct Departures {
    flights: Source<Flight>,
    hours: Names,
    airlines: Names,
    airports: Names,
    planes: Names,
}

impl Departures {
    pub(crate) fn read(tables: &BTreeMap<String, Rows>) -> Self {
        let [airlines, airports, planes] = ["airlines", "airports", "planes"].map(|name| register(&tables[name]));
        let mut weather: HashMap<(&str, &str), &str> = HashMap::new();
        for row in tables["weather"].iter() {
            assert!(weather.insert((row[0], row[1]), row[2]).is_none(), "{row:?} is there twice");
        }
        let mut names: [Names; 5] = Default::default();
        let [hour_names, airline_names, airport_names, plane_names, codes] = &mut names;
        let mut flights = Vec::new();
        for row in tables["flights"].iter() {
            let [at, year, month, date, hour, carrier, plane, origin, dest, dep_time, dep_delay, arr_delay, air_time, distance] =
                row.as_slice()
            else {
                panic!("{row:?}")
            };
            let whole = |text: &str| text.parse::<i64>().unwrap();
            let (day, hour_there) = in_new_york(whole(at));
            // The data has the local time too: that of this test is right.
            assert_eq!((day, hour_there), (Day::of(whole(year), whole(month), whole(date)), whole(hour)), "{row:?}");
            let mut code = |code: &str| airports.contains_key(code).then(|| codes.number(code));
            let route = code(origin).zip(code(dest));
            flights.push(Flight {
                day,
                hour: hour_names.number(hour),
                airline: airline_names.number(airlines.get(carrier).unwrap_or(&NULL)),
                airport: airport_names.number(airports.get(origin).unwrap_or(&NULL)),
                plane: (*plane != NULL).then(|| plane_names.number(plane)),
                seats: planes.get(plane).and_then(|seats| optional(seats)),
                route,
                visibility: weather.get(&(*origin, *at)).and_then(|visibility| visibility.parse().ok()),
                is_cancelled: *dep_time == NULL,
                dep_delay: optional(dep_delay),
                arr_delay: optional(arr_delay),
                air_time: optional(air_time),
                distance: whole(distance),
            });
        }
        let (start, as_of) = (Day::of(2013, 1, 1), Day::of(2013, 12, 31));
        let [hours, airlines, airports, planes, _] = names;
        Self { flights: Source::new(flights, |flight| flight.day, start, as_of), hours, airlines, airports, planes }
    }

    /// Compares what the view of all checks counts with the raw rows: what flights refer to that no register has, and else nothing.
    pub(crate) fn compare_checks(tables: &BTreeMap<String, Rows>, checks: &Rows) {
        let keys = |table: &str, columns: &[usize]| -> HashSet<Vec<String>> {
            let key = |row: Vec<&str>| columns.iter().map(|at| row[*at].to_owned()).collect();
            tables[table].iter().map(key).collect()
        };
        let missing = |register: &HashSet<Vec<String>>, columns: &[usize]| {
            let key = |row: &Vec<&str>| columns.iter().map(|at| row[*at].to_owned()).collect::<Vec<_>>();
            let is_missing = |key: &Vec<String>| !key.iter().any(|part| part == NULL) && !register.contains(key);
            tables["flights"].iter().filter(|row| is_missing(&key(row))).count().to_string()
        };
        let (airlines, airports, planes) = (keys("airlines", &[0]), keys("airports", &[0]), keys("planes", &[0]));
        let expected = BTreeMap::from([
            ("carrier", missing(&airlines, &[5])),
            ("plane", missing(&planes, &[6])),
            ("origin", missing(&airports, &[7])),
            ("destination", missing(&airports, &[8])),
            ("weather", missing(&keys("weather", &[0, 1]), &[7, 0])),
        ]);
        let mut compared = 0;
        for row in checks.iter() {
            let [source, rule, column, rows, _] = row.as_slice() else { panic!("{row:?}") };
            let reference = (*source, *rule) == ("flights", "reference-not-found");
            compared += usize::from(reference);
            assert_eq!(*rows, if reference { expected[column].as_str() } else { "0" }, "{row:?}");
        }
        assert_eq!(compared, expected.len());
    }

    /// The flights as they are known at the end of an earlier day.
    pub(crate) fn seen_on(self, as_of: Day) -> Self {
        Self { flights: self.flights.seen_on(as_of), ..self }
    }

    /// What is known of the data from elsewhere.
    pub(crate) fn check_facts(&self) {
        assert_eq!(self.flights.between(Day::of(1900, 1, 1), Day::of(2100, 1, 1)).len(), 336_776);
        assert_eq!(self.flights.between(self.flights.start, self.flights.as_of.plus(1)).len(), 336_776);
        assert_eq!(self.flights.between(Day::of(2013, 1, 1), Day::of(2013, 2, 1)).len(), 27_004);
    }

    pub(crate) fn figures(&self) -> Expected {
        let mut expected = Expected::default();
        self.network(&mut expected);
        self.planes(&mut expected);
        self.punctuality(&mut expected);
        self.targets(&mut expected);
        self.scorecard(&mut expected);
        expected
    }

    fn network(&self, expected: &mut Expected) {
        let source = &self.flights;
        let airport = |flight: &Flight| flight.airport;
        for (grain, suffix) in [(Grain::Month, ""), (Grain::Day, "__day"), (Grain::Week, "__week")] {
            expected.total(&format!("flights{suffix}"), source, grain, |period| Cell::Count(count(source.of(period).len())));
            for slices in [
                self.by_airline(|_| true),
                Slices { dimension: "airport", values: &self.airports, value: airport, appears: |_| true },
            ] {
                let name = format!("flights{suffix}__by_{}", slices.dimension);
                expected.sliced(&name, source, grain, &slices, |_, flights| Cell::Count(count(flights.len())));
            }
        }
        expected.total("share_of_flights", source, Grain::Month, |period| {
            let flights = count(source.of(period).len());
            Cell::ratio(flights, flights)
        });
        expected.sliced("share_of_flights__by_airline", source, Grain::Month, &self.by_airline(|_| true), |period, flights| {
            Cell::ratio(count(flights.len()), count(source.of(period).len()))
        });
        let seven_days = |period| source.between(source.anchor(period).plus(-7), source.anchor(period));
        let value = |period| Cell::Count(count(seven_days(period).len()));
        let is_whole = |period| source.anchor(period).plus(-7) >= source.start;
        expected.windowed("flights_last_7_days", source, Grain::Day, value, is_whole);
        expected.total("busiest_day", source, Grain::Month, |period| {
            let days = (0..period.end.0 - period.start.0).map(|days| period.start.plus(days));
            Cell::Count(days.map(|day| count(source.between(day, day.plus(1)).len())).max().unwrap())
        });
        let of_january = |airport: Option<usize>| {
            let january = source.between(Day::of(2013, 1, 1), Day::of(2013, 2, 1));
            count(january.iter().filter(|flight| airport.is_none_or(|airport| flight.airport == airport)).count())
        };
        expected.total("flights_against_january", source, Grain::Month, |period| {
            Cell::ratio(count(source.of(period).len()), of_january(None))
        });
        let by_airport = Slices { dimension: "airport", values: &self.airports, value: airport, appears: |_| true };
        expected.sliced_by("flights_against_january__by_airport", source, Grain::Month, &by_airport, |_, value, flights| {
            Cell::ratio(count(flights.len()), of_january(Some(value)))
        });
        expected.total("flights_around_new_year", source, Grain::Month, |period| {
            // The first week of 2013 ends on 6 January, and week 52 begins on 23 December; after it comes the first of 2014.
            let is_there = |flight: &&Flight| flight.day <= Day::of(2013, 1, 6) || flight.day >= Day::of(2013, 12, 23);
            Cell::Count(count(source.of(period).iter().filter(is_there).count()))
        });
        expected.total("routes", source, Grain::Month, |period| {
            let routes: HashSet<_> = source.of(period).iter().filter_map(|flight| flight.route).collect();
            Cell::Count(count(routes.len()))
        });
        expected.total("block_speed", source, Grain::Month, |period| {
            let (mut miles, mut minutes) = (0, 0);
            for flight in source.of(period) {
                if let Some(air_time) = flight.air_time {
                    miles += flight.distance;
                    minutes += air_time;
                }
            }
            Cell::ratio(miles * 60, minutes)
        });
    }

    fn planes(&self, expected: &mut Expected) {
        let source = &self.flights;
        let flights_of_planes = |period| {
            let mut flights = vec![0; self.planes.len()];
            for plane in source.of(period).iter().filter_map(|flight| flight.plane) {
                flights[plane] += 1;
            }
            flights
        };
        let planes =
            |period, least: i64| count(flights_of_planes(period).into_iter().filter(|flights| *flights >= least).count());
        expected.total("planes_in_service", source, Grain::Month, |period| Cell::Count(planes(period, 1)));
        expected.total("flights_per_plane", source, Grain::Month, |period| {
            Cell::ratio(count(source.of(period).len()), planes(period, 1))
        });
        expected.total("busy_planes", source, Grain::Month, |period| Cell::Count(planes(period, 45)));
        let seats = |flights: &[&Flight]| Cell::Count(flights.iter().filter_map(|flight| flight.seats).sum());
        expected.total("seats_offered", source, Grain::Month, |period| seats(&all(source.of(period))));
        expected
            .sliced("seats_offered__by_airline", source, Grain::Month, &self.by_airline(|_| true), |_, flights| seats(flights));
    }

    fn punctuality(&self, expected: &mut Expected) {
        let source = &self.flights;
        for (grain, suffix) in [(Grain::Month, ""), (Grain::Week, "__week")] {
            let rates: [(&str, Rate); 3] = [
                ("cancellation_rate", cancellation_rate),
                ("mean_departure_delay", mean_departure_delay),
                ("on_time_arrival_rate", on_time_arrival_rate),
            ];
            for (name, rate) in rates {
                // An airline appears with the first flight that one of the KPI's parts can count.
                let appears = if name == "on_time_arrival_rate" {
                    |flight: &Flight| flight.arr_delay.is_some()
                } else {
                    |_: &Flight| true
                };
                let name = format!("{name}{suffix}");
                expected.total(&name, source, grain, |period| rate(&all(source.of(period))));
                expected.sliced(&format!("{name}__by_airline"), source, grain, &self.by_airline(appears), |_, flights| {
                    rate(flights)
                });
            }
            let hour =
                Slices { dimension: "hour", values: &self.hours, value: |flight: &Flight| flight.hour, appears: |_| true };
            let name = format!("mean_departure_delay{suffix}__by_hour");
            expected.sliced(&name, source, grain, &hour, |_, flights| mean_departure_delay(flights));
        }
        for (grain, suffix) in [(Grain::Month, ""), (Grain::Quarter, "__quarter")] {
            expected.total(&format!("disrupted_days{suffix}"), source, grain, |period| {
                let days: Vec<Day> =
                    (0..source.anchor(period).0 - period.start.0).map(|days| period.start.plus(days)).collect();
                let is_disrupted = |day: &&Day| {
                    let flights = source.between(**day, day.plus(1));
                    flights.iter().filter(|flight| flight.is_cancelled).count() * 20 > flights.len()
                };
                Cell::ratio(count(days.iter().filter(is_disrupted).count()), count(days.len()))
            });
        }
        let delay = |values: Vec<i64>, percent| percentile(values, percent).map_or(Cell::Null, Cell::Number);
        expected.total("median_arrival_delay", source, Grain::Month, |period| {
            delay(source.of(period).iter().filter_map(|flight| flight.arr_delay).collect(), 50)
        });
        expected.total("worst_tenth_of_delays", source, Grain::Month, |period| {
            delay(source.of(period).iter().filter_map(|flight| flight.dep_delay).collect(), 90)
        });
        expected.total("cancellations_in_fog", source, Grain::Month, |period| {
            let is_foggy = |flight: &&Flight| flight.visibility.is_some_and(|miles| miles < 1.0);
            let foggy: Vec<&Flight> = source.of(period).iter().filter(is_foggy).collect();
            cancellation_rate(&foggy)
        });
    }

    fn targets(&self, expected: &mut Expected) {
        let mut view = View::new(&["period"], &["value", "is_complete"]);
        let mut targets = [0.78, 0.78, 0.80, 0.82].into_iter();
        for period in self.flights.periods(Grain::Quarter) {
            let target = targets.next().map_or(Cell::Null, Cell::Number);
            view.row(&[&period.start.to_string()], vec![target, Cell::Flag(period.is_over)]);
        }
        expected.add("on_time_target", view);
    }

    fn by_airline(&self, appears: fn(&Flight) -> bool) -> Slices<'_, Flight> {
        Slices { dimension: "airline", values: &self.airlines, value: |flight| flight.airline, appears }
    }

    fn scorecard(&self, expected: &mut Expected) {
        let source = &self.flights;
        let of = |period: Period| all(source.of(period));
        let series = [
            Series::new("flights", "flight", "network", |period| Cell::Count(count(of(period).len()))),
            Series::new("cancellation_rate", "%", "operations", |period| cancellation_rate(&of(period))),
            Series::new("mean_departure_delay", "minute", "operations", |period| mean_departure_delay(&of(period))),
            Series::new("on_time_arrival_rate", "%", "operations", |period| on_time_arrival_rate(&of(period))),
        ];
        cards::add(expected, "operations_weekly", "week", &source.periods(Grain::Week), &series);
    }
}

/// A figure of some flights.
type Rate = fn(&[&Flight]) -> Cell;

fn all(flights: &[Flight]) -> Vec<&Flight> {
    flights.iter().collect()
}

fn cancellation_rate(flights: &[&Flight]) -> Cell {
    Cell::ratio(count(flights.iter().filter(|flight| flight.is_cancelled).count()), count(flights.len()))
}

fn mean_departure_delay(flights: &[&Flight]) -> Cell {
    let delays: Vec<i64> = flights.iter().filter_map(|flight| flight.dep_delay).collect();
    if delays.is_empty() { Cell::Null } else { Cell::Number(number(delays.iter().sum()) / number(count(delays.len()))) }
}

fn on_time_arrival_rate(flights: &[&Flight]) -> Cell {
    let delays: Vec<i64> = flights.iter().filter_map(|flight| flight.arr_delay).collect();
    Cell::ratio(count(delays.iter().filter(|delay| **delay <= 15).count()), count(delays.len()))
}

fn optional(text: &str) -> Option<i64> {
    (text != NULL).then(|| text.parse().unwrap())
}

/// What a table of two columns says of each key.
fn register(rows: &Rows) -> HashMap<&str, &str> {
    let mut found = HashMap::new();
    for row in rows.iter() {
        assert!(found.insert(row[0], row[1]).is_none(), "{} is there twice", row[0]);
    }
    found
}
