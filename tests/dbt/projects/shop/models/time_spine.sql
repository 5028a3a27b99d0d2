select cast(range as date) as day from range(date '2023-12-01', date '2024-07-01', interval 1 day)
