"""Reads an iCalendar file with three implementations, and puts two files into one calendar.

usage: read_ics.py FILE [NEXT]

Prints what each finds, as JSON: UID -> [first day, summary, categories, alarms]. With NEXT, the
UIDs of a calendar that took FILE twice and then NEXT, each event replaced by its UID when it is as
new (RFC 5546, section 2.1.5).
"""

import json
import sys

import ics
import icalendar
import vobject


def of_icalendar(text):
    found = {}
    for event in icalendar.Calendar.from_ical(text).walk("VEVENT"):
        alarms = [alarm["TRIGGER"].dt.total_seconds() for alarm in event.walk("VALARM")]
        categories = [str(category) for category in event["CATEGORIES"].cats]
        assert event.get("TRANSP") == "TRANSPARENT"
        assert (event["DTEND"].dt - event["DTSTART"].dt).days == 1
        found[str(event["UID"])] = [
            str(event["DTSTART"].dt),
            str(event["SUMMARY"]),
            categories,
            alarms,
        ]
    return found


def of_ics(text):
    found = {}
    for event in ics.Calendar(text).events:
        assert event.all_day
        alarms = [alarm.trigger.total_seconds() for alarm in event.alarms]
        day = str(event.begin.date())
        found[event.uid] = [day, event.name, sorted(event.categories), alarms]
    return found


def of_vobject(text):
    found = {}
    for event in vobject.readOne(text).vevent_list:
        alarms = [event.valarm.trigger.value.total_seconds()]
        found[event.uid.value] = [
            str(event.dtstart.value),
            event.summary.value,
            list(event.categories.value),
            alarms,
        ]
    return found


def merged(*texts):
    store = {}
    for text in texts:
        for event in vobject.readOne(text).vevent_list:
            old = store.get(event.uid.value)
            age = (int(event.sequence.value), event.dtstamp.value)
            if old is None or age >= old[0]:
                store[event.uid.value] = (age, str(event.dtstart.value))
    return {uid: day for uid, (_, day) in store.items()}


def main():
    texts = [open(path, encoding="utf-8", newline="").read() for path in sys.argv[1:]]
    first = texts[0]
    found = [of_icalendar(first), of_ics(first), of_vobject(first)]
    for one in found:
        for event in one.values():
            event[2] = sorted(event[2])
    said = {"found": found}
    if len(texts) > 1:
        said["merged"] = merged(first, first, texts[1])
    json.dump(said, sys.stdout)


main()
