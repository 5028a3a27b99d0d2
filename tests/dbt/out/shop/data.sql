create schema raw;
create table raw."or{{ boom() }}ders" (
  order_id integer, ordered_on date, customer_id integer, status text, amount decimal(10, 2), "gi{% boom %}ft" text, pieces integer, "Weight" double precision
);
insert into raw."or{{ boom() }}ders" values
  (1, date '2024-01-05', 1, 'paid', 20.50, 'none', 1, 0.5),
  (2, date '2024-01-20', 2, '{{ boom(''value'') }}', 30.00, '{{ boom() }}', 3, 1.25),
  (3, date '2024-02-10', 1, 'paid', 0.10, 'none', 2, 0.1),
  (4, date '2024-02-11', null, 'o''pen', 5.00, null, 1, null),
  (5, date '2024-03-02', 2, 'paid', 60.00, 'none', 7, 0.2),
  (6, date '2024-03-03', 3, 'back\slash', 1.00, 'none', 1, 0.7),
  (7, date '2024-03-04', 1, '{% raw %}', 1.00, 'none', 1, 0.7);
create table raw.customers (customer_id integer, country text);
insert into raw.customers values (1, 'de'), (2, 'o''land'), (3, null);
create table raw.returned (order_id integer, why text);
insert into raw.returned values (1, 'broken'), (3, '{% boom %}');
