//! Smaller projects than one that fails: without one of its parts, or with a simpler one.

use super::project::{Aggregate, Body, Column, Expr, Figure, Formula, Kpi, Project, Row, RowLeaf, Value, Window};
use super::stocks::shrink as stocks;
use jiff::civil::Weekday;

/// All projects that are a step smaller, those that lose most first. Many are nonsense, which the compiler then refuses.
pub fn smaller(project: &Project) -> Vec<Project> {
    let mut all = Vec::new();
    kpis(project, &mut all);
    for source in (0..project.sources.len()).rev() {
        with(project, &mut all, |copy| leave_out(&mut copy.sources, source));
    }
    for source in (0..project.sources.len()).filter(|source| project.sources[*source].written.is_some()) {
        with(project, &mut all, |copy| copy.sources[source].written = None);
    }
    journeys(project, &mut all);
    rows(project, &mut all);
    calendar(project, &mut all);
    columns(project, &mut all);
    cells(project, &mut all);
    all
}

fn journeys(project: &Project, all: &mut Vec<Project>) {
    for (at, journey) in project.journeys.iter().enumerate() {
        with(project, all, |copy| leave_out(&mut copy.journeys, at));
        with(project, all, |copy| copy.journeys[at].every = false);
        with(project, all, |copy| copy.journeys[at].any = false);
        for (step, known) in journey.steps.iter().enumerate() {
            with(project, all, |copy| leave_out(&mut copy.journeys[at].steps, step));
            with(project, all, |copy| copy.journeys[at].steps[step].filter = None);
            for smaller in known.filter.iter().flat_map(conditions) {
                with(project, all, |copy| copy.journeys[at].steps[step].filter = Some(smaller));
            }
            for from in 1..known.entity.len() {
                with(project, all, |copy| _ = copy.journeys[at].steps[step].entity.drain(..from));
            }
        }
    }
}

/// Takes one of several out, if there are so many.
fn leave_out<T>(of: &mut Vec<T>, at: usize) {
    if at < of.len() {
        of.remove(at);
    }
}

/// A changed copy.
fn with(project: &Project, all: &mut Vec<Project>, change: impl FnOnce(&mut Project)) {
    let mut copy = project.clone();
    change(&mut copy);
    if copy != *project {
        all.push(copy);
    }
}

fn kpis(project: &Project, all: &mut Vec<Project>) {
    let uses = |name: &String| {
        project.kpis.iter().any(|kpi| match &kpi.body {
            Body::Formula(formula) => uses(formula, name),
            Body::Values { .. } => false,
        })
    };
    for at in (0..project.kpis.len()).filter(|at| project.kpis.len() > 1 && !uses(&project.kpis[*at].name)) {
        with(project, all, |copy| leave_out(&mut copy.kpis, at));
    }
    for (at, kpi) in project.kpis.iter().enumerate() {
        for smaller in smaller_kpis(project, kpi) {
            with(project, all, |copy| copy.kpis[at] = smaller);
        }
    }
    for at in 0..project.dimensions.len() {
        with(project, all, |copy| leave_out(&mut copy.dimensions, at));
        for from in 0..project.dimensions[at].from.len() {
            with(project, all, |copy| leave_out(&mut copy.dimensions[at].from, from));
        }
    }
}

/// Whether a formula uses a KPI.
fn uses(formula: &Formula, name: &String) -> bool {
    let mut found = false;
    formula.leaves(&mut |figure| {
        found |= match figure {
            Figure::Kpi(used) => used == name,
            Figure::Aggregate(_) | Figure::Grouped(_) => false,
            Figure::Each(each) => uses(&each.of, name),
            Figure::Past(_, of, _) | Figure::Slice(of, _) | Figure::Total(of, _) => uses(of, name),
        };
    });
    found
}

fn smaller_kpis(project: &Project, kpi: &Kpi) -> Vec<Kpi> {
    let mut found = Vec::new();
    for at in 0..kpi.by.len() {
        let mut by = kpi.by.clone();
        leave_out(&mut by, at);
        found.push(Kpi { by, ..kpi.clone() });
        for dimension in 0..if kpi.by[at].len() > 1 { kpi.by[at].len() } else { 0 } {
            let mut by = kpi.by.clone();
            leave_out(&mut by[at], dimension);
            found.push(Kpi { by, ..kpi.clone() });
        }
    }
    for at in 0..if kpi.grains.len() > 1 { kpi.grains.len() } else { 0 } {
        let mut grains = kpi.grains.clone();
        leave_out(&mut grains, at);
        found.push(Kpi { grains, ..kpi.clone() });
    }
    if kpi.omit_gaps {
        found.push(Kpi { omit_gaps: false, ..kpi.clone() });
    }
    if kpi.empty_is_null {
        found.push(Kpi { empty_is_null: false, ..kpi.clone() });
    }
    if let Some((unit, up_to)) = kpi.age.filter(|(_, up_to)| *up_to > 1) {
        found.push(Kpi { age: Some((unit, up_to - 1)), ..kpi.clone() });
    }
    match &kpi.body {
        Body::Formula(formula) => {
            for smaller in formulas(project, formula) {
                found.push(Kpi { body: Body::Formula(smaller), ..kpi.clone() });
            }
        }
        Body::Values { flow, figures } => {
            for at in 0..if figures.len() > 1 { figures.len() } else { 0 } {
                let mut figures = figures.clone();
                leave_out(&mut figures, at);
                found.push(Kpi { body: Body::Values { flow: *flow, figures }, ..kpi.clone() });
            }
        }
    }
    found
}

/// Smaller formulas: parts of it, and the same with a smaller part.
fn formulas(project: &Project, formula: &Formula) -> Vec<Formula> {
    match formula {
        Expr::Literal(_) => Vec::new(),
        Expr::Apply(name, arguments) => {
            let mut found = arguments.clone();
            for (at, argument) in arguments.iter().enumerate() {
                for smaller in formulas(project, argument) {
                    let mut arguments = arguments.clone();
                    arguments[at] = smaller;
                    found.push(Expr::Apply(name, arguments));
                }
                if !matches!(argument, Expr::Literal(_)) {
                    let mut arguments = arguments.clone();
                    arguments[at] = Expr::Literal(Value::Number(1.0));
                    found.push(Expr::Apply(name, arguments));
                }
            }
            found
        }
        Expr::Leaf(figure) => figures(project, figure),
    }
}

fn figures(project: &Project, figure: &Figure) -> Vec<Formula> {
    let mut found = Vec::new();
    match figure {
        Figure::Kpi(name) => {
            if let Body::Formula(of) = &project.kpi(name).body {
                found.push(of.clone());
            }
        }
        Figure::Aggregate(aggregate) => {
            found.extend(aggregates(aggregate).into_iter().map(|smaller| Expr::Leaf(Figure::Aggregate(smaller))));
        }
        Figure::Grouped(grouped) => {
            found.push(Expr::Leaf(Figure::Aggregate(grouped.of.clone())));
            let mut add = |change: &dyn Fn(&mut super::project::Grouped)| {
                let mut copy = grouped.clone();
                change(&mut copy);
                if copy != *grouped {
                    found.push(Expr::Leaf(Figure::Grouped(copy)));
                }
            };
            add(&|copy| copy.filter = None);
            add(&|copy| copy.top = None);
            add(&|copy| _ = copy.with.pop());
            for at in 0..grouped.with.len() {
                for smaller in aggregates(&grouped.with[at].1) {
                    // All of them go over one window at one time.
                    if (&smaller.at, &smaller.stock, smaller.window) == (&grouped.of.at, &grouped.of.stock, grouped.of.window) {
                        add(&|copy| copy.with[at].1 = smaller.clone());
                    }
                }
            }
            for at in 0..grouped.per.len().saturating_sub(1) {
                add(&|copy| copy.per = copy.per[..=at].to_vec());
            }
            for smaller in aggregates(&grouped.of) {
                add(&|copy| {
                    for (_, other) in &mut copy.with {
                        (other.at, other.stock, other.window) = (smaller.at.clone(), smaller.stock.clone(), smaller.window);
                    }
                    copy.of = smaller.clone();
                });
            }
        }
        Figure::Each(each) => {
            found.push(each.of.clone());
            for smaller in formulas(project, &each.of) {
                let mut copy = each.clone();
                copy.of = smaller;
                found.push(Expr::Leaf(Figure::Each(copy)));
            }
            if each.window != Window::Period {
                let mut copy = each.clone();
                copy.window = Window::Period;
                found.push(Expr::Leaf(Figure::Each(copy)));
            }
        }
        Figure::Past(past, of, length) => {
            found.push((**of).clone());
            if past.is_to_date() {
                found.push(Expr::Leaf(Figure::Past(past.whole(), of.clone(), *length)));
            }
            if length.is_some() {
                found.push(Expr::Leaf(Figure::Past(*past, of.clone(), None)));
            }
            found.extend(formulas(project, of).into_iter().map(|of| Expr::Leaf(Figure::Past(*past, Box::new(of), *length))));
        }
        Figure::Slice(of, condition) => {
            found.push((**of).clone());
            found
                .extend(formulas(project, of).into_iter().map(|of| Expr::Leaf(Figure::Slice(Box::new(of), condition.clone()))));
        }
        Figure::Total(of, dimensions) => {
            found.push((**of).clone());
            if !dimensions.is_empty() {
                found.push(Expr::Leaf(Figure::Total(of.clone(), Vec::new())));
            }
            found.extend(
                formulas(project, of).into_iter().map(|of| Expr::Leaf(Figure::Total(Box::new(of), dimensions.clone()))),
            );
        }
    }
    found
}

fn aggregates(aggregate: &Aggregate) -> Vec<Aggregate> {
    let mut found = Vec::new();
    let mut add = |copy: Aggregate| {
        if copy != *aggregate && stocks::is_sound(&copy) {
            found.push(copy);
        }
    };
    let copy = || aggregate.clone();
    stocks::smaller(aggregate, &mut add);
    add(Aggregate { function: "count", share: None, argument: None, ..copy() });
    add(Aggregate { filter: None, ..copy() });
    add(Aggregate { at: None, ..copy() });
    add(Aggregate { window: Window::Period, of: None, ..copy() });
    if aggregate.window != Window::Period {
        add(Aggregate { window: Window::AllTime, of: None, ..copy() });
    }
    if let Window::Within(count, unit) = aggregate.window {
        add(Aggregate { window: Window::Within(count / 2, unit), ..copy() });
    }
    if aggregate.argument.is_some() && aggregate.function != "sum" {
        add(Aggregate { function: "sum", share: None, ..copy() });
    }
    for filter in aggregate.filter.iter().flat_map(conditions) {
        add(Aggregate { filter: Some(filter), ..copy() });
    }
    for argument in aggregate.argument.iter().flat_map(conditions) {
        add(Aggregate { argument: Some(argument), ..copy() });
    }
    found
}

/// Smaller row expressions, whether or not their type fits.
fn conditions(row: &Row) -> Vec<Row> {
    match row {
        Expr::Leaf(RowLeaf::Path(path)) => {
            (1..path.len()).map(|from| Expr::Leaf(RowLeaf::Path(path[from..].to_vec()))).collect()
        }
        Expr::Leaf(RowLeaf::Related(of)) => {
            aggregates(of).into_iter().map(|smaller| Expr::Leaf(RowLeaf::Related(Box::new(smaller)))).collect()
        }
        Expr::Literal(_) | Expr::Leaf(_) => Vec::new(),
        Expr::Apply(name, arguments) => {
            let mut found = arguments.clone();
            if matches!(*name, "in" | "not in") && arguments.len() > 2 {
                found.push(Expr::Apply(name, arguments[..2].to_vec()));
            }
            for (at, argument) in arguments.iter().enumerate() {
                for smaller in conditions(argument) {
                    let mut arguments = arguments.clone();
                    arguments[at] = smaller;
                    found.push(Expr::Apply(name, arguments));
                }
            }
            found
        }
    }
}

fn rows(project: &Project, all: &mut Vec<Project>) {
    for (source, known) in project.sources.iter().enumerate() {
        let count = known.rows.len();
        // Halves first, then quarters, then single rows.
        let mut size = count;
        while size > 0 {
            for from in (0..count).step_by(size) {
                with(project, all, |copy| _ = copy.sources[source].rows.drain(from..(from + size).min(count)));
            }
            size /= 2;
        }
    }
}

fn calendar(project: &Project, all: &mut Vec<Project>) {
    with(project, all, |copy| copy.session = "UTC");
    with(project, all, |copy| copy.calendar.zone = "UTC");
    with(project, all, |copy| copy.calendar.settle = 0);
    with(project, all, |copy| copy.calendar.fiscal_month = 1);
    with(project, all, |copy| copy.calendar.week_starts = Weekday::Monday);
    with(project, all, |copy| copy.calendar.data_from = copy.calendar.start);
    with(project, all, |copy| {
        copy.calendar.start = copy.calendar.start.first_of_month().max(copy.calendar.data_from);
    });
    with(project, all, |copy| {
        if copy.calendar.data_from == copy.calendar.start {
            copy.calendar.start = copy.calendar.start.first_of_month();
            copy.calendar.data_from = copy.calendar.start;
        }
    });
    with(project, all, |copy| {
        let (start, last) = (copy.calendar.start, copy.calendar.as_of);
        if let Ok(length) = start.until(last)
            && length.get_days() > 130
        {
            copy.calendar.start = super::calendar::days(start, i64::from(length.get_days()) / 2);
        }
    });
    with(project, all, |copy| {
        let (start, last) = (copy.calendar.start, copy.calendar.as_of);
        if let Ok(length) = start.until(last)
            && length.get_days() > 3
        {
            copy.calendar.as_of = super::calendar::days(last, -i64::from(length.get_days()) / 2);
        }
    });
}

fn columns(project: &Project, all: &mut Vec<Project>) {
    for (source, known) in project.sources.iter().enumerate() {
        with(project, all, |copy| copy.sources[source].freshness.within = None);
        with(project, all, |copy| copy.sources[source].freshness.expect = None);
        for at in 0..known.columns.len() {
            if stocks::says_when(known, at) {
                continue;
            }
            // Raw SQL would go on reading it, and so would a reference whose key is worked out.
            let is_key_of = |column: &Column| {
                column.references.is_some()
                    && matches!(&column.expr, Some(Expr::Leaf(RowLeaf::Path(path))) if *path == [known.columns[at].name.clone()])
            };
            let is_read = known.columns[at].name == "plain1" && known.columns.iter().any(|column| column.sql.is_some())
                || known.columns.iter().any(is_key_of);
            let name = Some(&known.columns[at].name);
            if known.key.as_ref() != name && known.time.as_ref() != name && !is_read {
                with(project, all, |copy| {
                    leave_out(&mut copy.sources[source].columns, at);
                    copy.sources[source].rows.iter_mut().for_each(|cells| leave_out(cells, at));
                });
            }
            let name = known.columns[at].name.clone();
            if known.columns[at].expr.is_none() && !is_read {
                with(project, all, |copy| copy.sources[source].columns[at].stored_as = name);
            }
            for smaller in known.columns[at].expr.iter().filter(|_| known.columns[at].sql.is_none()).flat_map(conditions) {
                with(project, all, |copy| copy.sources[source].columns[at].expr = Some(smaller));
            }
        }
    }
}

fn cells(project: &Project, all: &mut Vec<Project>) {
    for (source, known) in project.sources.iter().enumerate() {
        for (row, cells) in known.rows.iter().enumerate() {
            for (at, (cell, column)) in cells.iter().zip(&known.columns).enumerate() {
                let is_key = known.key.as_ref() == Some(&column.name);
                if let Value::Number(number) = cell
                    && (number.is_nan() || (*number - 1.0).abs() > f64::EPSILON)
                    && !is_key
                {
                    with(project, all, |copy| copy.sources[source].rows[row][at] = Value::Number(1.0));
                }
                if let Value::Time(time) = cell {
                    let midnight = time.date().to_datetime(jiff::civil::Time::midnight());
                    with(project, all, |copy| copy.sources[source].rows[row][at] = Value::Time(midnight));
                }
            }
        }
    }
}
