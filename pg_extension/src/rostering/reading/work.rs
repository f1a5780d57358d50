//! Work of people that stands already: before the horizon, in it and after it.

use rota_engine::Span;
use rota_engine::rostering::{FixedDay, OutsideDay, Person, Shift};

use super::Draft;
use crate::error::ExtensionError;
use crate::rostering::field::Field;
use crate::rostering::horizon::bounded_span;

/// One piece of work that stands.
pub(super) struct StandingWork {
    day: i64,
    span: Span,
    kind: usize,
    worked_minutes: i64,
    /// Those of them after the midnight that ends the day.
    late_minutes: i64,
    /// The shift that was asked for and is filled by it.
    shift: Option<usize>,
}

/// Work of a person that no day of theirs in the search stands for: on days outside of the horizon, and a second piece on
/// a day inside.
pub(super) struct OtherWork {
    /// The day on which it begins; negative before the horizon.
    pub(super) day: i64,
    /// Its kind.
    pub(super) kind: usize,
    /// Minutes that count as worked and that the search does not count; none on a day of the horizon.
    pub(super) worked_minutes: i64,
    /// Those of them after the midnight that ends the day.
    pub(super) late_minutes: i64,
}

/// Reads `work` of a person, in the order of time.
pub(super) fn read(draft: &mut Draft, fields: &[Field<'_>]) -> Result<Vec<StandingWork>, ExtensionError> {
    let mut work: Vec<(StandingWork, &Field<'_>)> = Vec::new();
    for field in fields {
        work.push((read_one(draft, field)?, field));
    }
    work.sort_by_key(|(standing, _)| (standing.span.start(), standing.span.end()));
    for pair in work.windows(2) {
        let [(earlier, _), (later, field)] = pair else { continue };
        if earlier.span.overlaps(later.span) {
            return Err(
                field.fault("overlaps other work of that person, one at a time would be right".into())
            );
        }
    }
    Ok(work.into_iter().map(|(standing, _)| standing).collect())
}

fn read_one(draft: &mut Draft, field: &Field<'_>) -> Result<StandingWork, ExtensionError> {
    let object = field.object(&["shift", "starts_at", "ends_at", "kind", "nature", "worked_minutes"])?;
    let shift = object.find("shift").map(|field| draft.shift(&field)).transpose()?;
    let asked = shift.and_then(|shift| draft.demand.shifts.get(shift));
    let span = match shift.filter(|_| object.find("starts_at").is_none()) {
        Some(shift) => draft.demand.spans.get(shift).copied().unwrap_or(Span::ALWAYS),
        None => bounded_span(&object)?,
    };
    let (start, end) = draft.horizon.minutes(span);
    let usual = asked.map_or(end - start, |shift| shift.worked_minutes);
    let kind = match (object.find("kind"), asked) {
        (Some(field), _) => kind_of(draft, field.text()?, object.find("nature"))?,
        (None, Some(shift)) => shift.kind,
        (None, None) => kind_of(draft, "shift", object.find("nature"))?,
    };
    let day = draft.horizon.day_of(span.start())?;
    let worked_minutes = object.whole("worked_minutes", &(0..=end - start))?.unwrap_or(usual);
    let late_minutes = draft.horizon.late_minutes(day, span, worked_minutes)?;
    Ok(StandingWork { day, span, kind, worked_minutes, late_minutes, shift })
}

/// The number of a kind of work, with the word by which rules know that work.
fn kind_of(draft: &mut Draft, kind: &str, nature: Option<Field<'_>>) -> Result<usize, ExtensionError> {
    let number = draft.kinds.number(kind);
    match nature {
        Some(nature) => draft.demand.natures.note(number, nature.text()?),
        None => draft.demand.natures.note_usual(number, kind),
    }
    Ok(number)
}

/// Settles the days of a person that have work, and tells what no day of the search stands for.
///
/// A day whose only work is a shift that was asked for is settled to that shift. Other work, and several pieces on one
/// day, become a shift of their own that nobody else may take; the shifts that it fills want a head less.
pub(super) fn settle(
    draft: &mut Draft,
    work: &[StandingWork],
    skill: usize,
    person: &mut Person,
) -> Vec<OtherWork> {
    let known = |days: usize| vec![OutsideDay::Free; days];
    (person.before, person.after) = (known(draft.horizon.before), known(draft.horizon.after));
    let mut other = Vec::new();
    let mut start = 0;
    while let Some(first) = work.get(start) {
        let length = work.iter().skip(start).take_while(|other| other.day == first.day).count();
        let pieces = work.get(start..start + length).unwrap_or_default();
        start += length;
        let Some(day) = usize::try_from(first.day).ok().filter(|day| *day < draft.horizon.days) else {
            other.extend(pieces.iter().map(other_work));
            keep_outside(draft, first.day, pieces, person);
            continue;
        };
        // Their minutes are those of the shift that stands for all pieces.
        let without_minutes = |piece| OtherWork { worked_minutes: 0, late_minutes: 0, ..other_work(piece) };
        other.extend(pieces.iter().skip(1).map(without_minutes));
        let shift = match pieces {
            [StandingWork { shift: Some(shift), .. }] => *shift,
            _ => {
                person.skills.push(skill);
                stand_in(draft, day, pieces, skill)
            }
        };
        person.fixed.push(FixedDay { day, shift: Some(shift) });
    }
    person.skills.sort_unstable();
    person.skills.dedup();
    other
}

fn other_work(piece: &StandingWork) -> OtherWork {
    let StandingWork { day, kind, worked_minutes, late_minutes, .. } = *piece;
    OtherWork { day, kind, worked_minutes, late_minutes }
}

fn keep_outside(draft: &Draft, day: i64, pieces: &[StandingWork], person: &mut Person) {
    let place = if day < 0 {
        let from_first = i64::try_from(draft.horizon.before).unwrap_or(0) + day;
        usize::try_from(from_first).ok().and_then(|position| person.before.get_mut(position))
    } else {
        let after = day - i64::try_from(draft.horizon.days).unwrap_or(0);
        usize::try_from(after).ok().and_then(|position| person.after.get_mut(position))
    };
    let (Some(place), Some(first)) = (place, pieces.first()) else { return };
    let (start_minute, end_minute) = hull(draft, pieces);
    *place = OutsideDay::Worked { kind: first.kind, start_minute, end_minute };
}

/// A shift that stands for the work of one person's day. Returns its number.
fn stand_in(draft: &mut Draft, day: usize, pieces: &[StandingWork], skill: usize) -> usize {
    for piece in pieces {
        if let Some(asked) = piece.shift.and_then(|shift| draft.problem.shifts.get_mut(shift)) {
            asked.required = asked.required.saturating_sub(1);
        }
    }
    let (start_minute, end_minute) = hull(draft, pieces);
    draft.problem.shifts.push(Shift {
        day,
        kind: pieces.first().map_or(0, |piece| piece.kind),
        start_minute,
        end_minute,
        worked_minutes: pieces.iter().map(|piece| piece.worked_minutes).sum(),
        late_minutes: pieces.iter().map(|piece| piece.late_minutes).sum(),
        skills: vec![skill],
        required: 1,
        ..Shift::default()
    });
    draft.problem.shifts.len() - 1
}

fn hull(draft: &Draft, pieces: &[StandingWork]) -> (i64, i64) {
    let spans = pieces.iter().map(|piece| piece.span).reduce(Span::hull);
    spans.map_or((0, 1), |span| draft.horizon.minutes(span))
}
