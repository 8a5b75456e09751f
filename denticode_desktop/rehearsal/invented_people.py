"""Invented people with the variety that makes matching hard: the same person for the same (seed, index).

The first sixteen are fixed and named below; the rest come in households of up to four, with twins, Jr and Sr, accents,
hyphens and apostrophes, and here and there an inactive record, a duplicate or a missing birth date.
Telephone numbers are of the 555-01xx range and addresses of places that do not exist.
"""

from __future__ import annotations

from denticode_desktop.rehearsal.practice_data import (
    FIRST_PATIENT_ID,
    JsonObject,
    location_ref,
    patient_ref,
    provider_ref,
)


def _in_order(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_MASK = (1 << 64) - 1
_OFFSET = 0x632BE59BD9B4E019
_FIRST_NAMES = _in_order(
    "Ada Bilal Chidi Dana Emeka Farah Gus Hanna Ines Jamal Keiko Lars Mina Noor Otto Paz Quinn Rosa Sven Tala Uri Vera"
    " Wren Ximena Yusuf Zofia Aïcha Björn Chloé Đặng Éva François Gülşen Héctor İrem Jürgen Łukasz Núria Øystein Renée"
    " Søren Thảo Anne-Marie Jean-Luc Mary Ann Jo Kit Lou Max Nell Oona Pia Rafe Sol Tess Una Vic Wes Yara Zed"
)
_LAST_NAMES = _in_order(
    "Abara Brandt Calloway Dimitrov Espinoza Fairweather Grünwald Haddad Ibáñez Johansson Kowalczyk Lindgren Moreau"
    " Nakagawa O'Shea Petrović Quispe Rasmussen Sørensen Tanaka Underhill Villanueva Whitlock Yilmaz Zhang-Ortiz"
    " D'Amico MacAllan McAllister St.Clair Nguyễn Peña Müller-Haas O'Dowd Fitz-Hugh Delacroix Nwosu Papadakis Ruiz Lee"
    " Garcia Smithers Johnstone Brownlee Hale Okafor Castellanos Adeyemi Bjarnason Chaudhry Eklund"
)
_STREETS = ("Example Street", "Sample Road", "Placeholder Lane", "Mock Avenue", "Fiction Way", "Invented Court")
_TOWNS = (("Springvale", "NY", "001"), ("Westhollow", "CA", "009"), ("Norrick", "NY", "002"), ("Easterby", "CA", "008"))

_FIXED: tuple[JsonObject, ...] = (
    {"firstName": "Ana", "lastName": "Ruiz", "dateOfBirth": "1984-03-02", "gender": "F"},
    {"firstName": "Ana", "lastName": "Ruiz-Ortega", "dateOfBirth": "1984-02-03", "gender": "F"},
    {"firstName": "Mia", "lastName": "Okafor", "dateOfBirth": "2011-05-09", "gender": "F"},
    {"firstName": "Maya", "lastName": "Okafor", "dateOfBirth": "2011-05-09", "gender": "F"},
    {"firstName": "Robert", "lastName": "Hale", "dateOfBirth": "1951-01-17", "gender": "M", "nameSuffix": "Sr"},
    {"firstName": "Robert", "lastName": "Hale", "dateOfBirth": "1978-09-30", "gender": "M", "nameSuffix": "Jr"},
    {"firstName": "Siobhán", "lastName": "O'Brien", "dateOfBirth": "1990-12-31", "gender": "F", "preferredName": "Sio"},
    {"firstName": "Zoë", "lastName": "Müller-Haas", "dateOfBirth": "1967-07-07", "gender": "F"},
    {"firstName": "José", "lastName": "Núñez Peña", "dateOfBirth": "1996-02-29", "gender": "M"},
    {"firstName": "Walt", "lastName": "Ibsen", "dateOfBirth": "1939-11-05", "gender": "M", "patientStatus": "INACTIVE"},
    {"firstName": "Priya", "lastName": "Chaudhry", "dateOfBirth": "1988-08-18", "gender": "F"},
    {"firstName": "Priya", "lastName": "Chaudhry", "dateOfBirth": "1988-08-18", "gender": "F", "duplicate_of": 10},
    {"firstName": "Kofi", "lastName": "Adeyemi", "dateOfBirth": None, "gender": "M"},
    {"firstName": "Thảo", "lastName": "Nguyễn", "dateOfBirth": "2003-04-30", "gender": "O"},
    {"firstName": "Maria", "lastName": "Garcia", "dateOfBirth": "1990-07-14", "gender": "F"},
    {"firstName": "Maria", "lastName": "Garcia", "dateOfBirth": "1990-07-14", "gender": "F"},
)
_FIXED_HOUSEHOLD = {1: 1, 2: 2, 3: 2, 4: 4, 5: 4}  # who lives with whom among the fixed; all others live alone


def draw(seed: int, index: int, salt: int) -> int:
    """Return 64 well-mixed bits for (seed, index, salt): splitmix64's finalizer, so order of asking does not matter."""
    z = (seed * 0x9E3779B97F4A7C15 + index * 0xD1342543DE82EF95 + salt * 0xA0761D6478BD642F + _OFFSET) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def build_person(seed: int, index: int, base_url: str) -> JsonObject:
    """Return a patient record without `lastModified`; a member that has no value is left out or null, as in the PMS."""
    who = dict(_FIXED[index]) if index < len(_FIXED) else _invent(seed, index)
    duplicate_of = who.pop("duplicate_of", None)
    home = _household(seed, index)
    record: JsonObject = {
        "id": str(FIRST_PATIENT_ID + index),
        "type": "PatientV1",
        "firstName": who["firstName"],
        "lastName": who["lastName"],
        "middleInitial": who.get("middleInitial"),
        "preferredName": who.get("preferredName"),
        "nameSuffix": who.get("nameSuffix"),
        "dateOfBirth": who["dateOfBirth"],
        "gender": who["gender"],
        "chartNumber": f"A{index + 1:06d}",
        "patientStatus": who.get("patientStatus", "ACTIVE"),
        "contactMethod": ("CALL ME", "TEXT ME", "EMAIL ME")[draw(seed, index, 1) % 3],
        "languageType": "SPANISH" if draw(seed, index, 2) % 6 == 0 else "ENGLISH",
        "emailAddress": f"patient{index + 1}@example.com",
    }
    record |= _address(seed, home)
    record["phones"] = _phones(seed, index, home)
    record["preferredLocation"] = location_ref(base_url, draw(seed, home, 3) % 2)
    record["primaryProvider"] = provider_ref(base_url, draw(seed, home, 4) % 2)
    record["primaryGuarantor"] = patient_ref(base_url, str(FIRST_PATIENT_ID + home))
    if duplicate_of is not None:
        record["duplicateOfPatient"] = patient_ref(base_url, str(FIRST_PATIENT_ID + duplicate_of))
    return record


def _household(seed: int, index: int) -> int:
    """Return the index of the first member of the household; households are runs of up to four indexes."""
    if index < len(_FIXED):
        return _FIXED_HOUSEHOLD.get(index, index)
    block = index - index % 4
    size = 1 + draw(seed, block, 5) % 4
    return block if index - block < size else index


def _invent(seed: int, index: int) -> JsonObject:
    home = _household(seed, index)
    place = index - home
    twins = place in (2, 3) and draw(seed, home, 6) % 3 == 0
    same_name = place == 2 and draw(seed, home, 7) % 5 == 0
    first = _FIRST_NAMES[draw(seed, home if same_name else index, 8) % len(_FIRST_NAMES)]
    who: JsonObject = {
        "firstName": first,
        "lastName": _LAST_NAMES[draw(seed, home, 9) % len(_LAST_NAMES)],
        "middleInitial": chr(65 + draw(seed, index, 10) % 26) if draw(seed, index, 11) % 2 else None,
        "dateOfBirth": _birth_date(seed, home if twins else index, is_child=place >= 2),
        "gender": "MFFMFMO"[draw(seed, index, 12) % 7],
        "nameSuffix": "Jr" if same_name else None,
    }
    who["patientStatus"] = "INACTIVE" if index % 17 == 0 else "NEW" if index % 29 == 0 else "ACTIVE"
    if index % 97 == 0:
        who["dateOfBirth"] = None
    if index % 53 == 0:
        # the front desk typed the patient before once more
        original = _invent(seed, index - 1) if index - 1 >= len(_FIXED) else dict(_FIXED[index - 1])
        who |= {name: original[name] for name in ("firstName", "lastName", "dateOfBirth")}
        who["duplicate_of"] = index - 1
    return who


def _birth_date(seed: int, index: int, *, is_child: bool) -> str:
    bits = draw(seed, index, 13)
    year = 2008 + bits % 14 if is_child else 1935 + bits % 70
    return f"{year}-{1 + (bits >> 8) % 12:02d}-{1 + (bits >> 16) % 28:02d}"


def _address(seed: int, home: int) -> JsonObject:
    bits = draw(seed, home, 14)
    town, state, zone = _TOWNS[bits % len(_TOWNS)]
    return {
        "address1": f"{1 + (bits >> 8) % 999} {_STREETS[(bits >> 20) % len(_STREETS)]}",
        "address2": f"Apt {1 + (bits >> 30) % 40}" if (bits >> 40) % 4 == 0 else None,
        "city": town,
        "state": state,
        "postalCode": f"{zone}{(bits >> 44) % 100:02d}",
    }


def _phones(seed: int, index: int, home: int) -> list[JsonObject]:
    bits = draw(seed, index, 15)
    phones = [{"phoneType": "MOBILE", "number": f"{201 + bits % 700}55501{(bits >> 10) % 100:02d}", "sequence": 1}]
    if (bits >> 20) % 3 == 0:
        shared = draw(seed, home, 16)
        number = f"{201 + shared % 700}55501{(shared >> 10) % 100:02d}"
        phones.append({"phoneType": "HOME", "number": number, "sequence": 2})
    return phones
