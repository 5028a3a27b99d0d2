select cast(range as date) as day from range(date '2023-01-02', date '2024-04-13', interval 1 day)
