"""The words by which calendars name what is booked, in four languages: each text finds its own type and no other."""

import pytest

from appointments.matching import TypeIndex, TypeWords
from prerequisites import packs

TYPICAL: dict[str, tuple[str, ...]] = {
    "CT mit Kontrastmittel": (
        "CT Abdomen mit KM", "CT Thorax mit KM", "CT Thorax", "CT Hals m. KM", "Angio-CT Aorta", "CT-Angiografie",
        "Computertomographie mit Kontrastmittel", "Scanner thoracique avec injection", "Scanner injecté",
        "TDM abdominale injectée", "TDM avec produit de contraste", "Angioscanner", "TC addome con mdc",
        "TC con mezzo di contrasto", "TAC torace con contrasto", "CT with contrast", "CT abdomen with contrast",
    ),
    "CT nativ": (
        "CT nativ", "CT Schädel", "CT Schädel nativ", "CT Kopf ohne KM", "CT Abdomen nativ", "CT Abdomen ohne KM",
        "CT NNH nativ", "CT Thorax ohne Kontrastmittel", "Scanner sans injection", "Scanner cérébral",
        "Scanner lombaire sans injection", "TDM sinus sans injection", "TC senza contrasto", "TC torace senza mdc",
        "TC cranio senza mezzo di contrasto", "CT head without contrast", "CT without contrast",
    ),
    "MRT nativ": (
        "MRT Knie links", "MRT LWS", "MRT", "MR Schulter rechts", "Kernspin Knie", "MRT HWS nativ", "MRT Knie ohne KM",
        "IRM du genou", "IRM lombaire", "IRM cérébrale sans injection", "RM ginocchio", "RMN colonna", "RM encefalo senza mdc",
        "Risonanza magnetica ginocchio", "MRI knee", "MRI lumbar spine without contrast",
    ),
    "MRT mit Kontrastmittel": (
        "MRT Kopf mit KM", "MRT mit Kontrastmittel", "MRT Knie mit KM", "Kernspin Leber mit Kontrastmittel",
        "IRM cérébrale avec injection", "IRM avec gadolinium", "IRM hépatique injectée", "RM encefalo con mdc",
        "RM con mezzo di contrasto", "Risonanza magnetica con contrasto", "MRI brain with contrast",
    ),
    "Koloskopie": (
        "Koloskopie", "Koloskopie mit Sedierung", "Vorsorge-Koloskopie", "Darmspiegelung", "Vorsorgekoloskopie",
        "Coloscopie", "Coloscopie sous anesthésie", "Colonscopia", "Colonscopia con sedazione", "Colonoscopy",
    ),
    "Gastroskopie": (
        "Gastroskopie", "Magenspiegelung", "ÖGD", "Gastroskopie mit Sedierung", "Gastroscopie", "Fibroscopie",
        "Fibroscopie gastrique", "Gastroscopia", "EGDS", "Gastroscopy",
    ),
    "Myokard-Szintigrafie": (
        "Myokard-Szintigrafie", "Myokardszintigraphie Belastung", "Herzszintigrafie", "Myokard-SPECT",
        "Scintigraphie myocardique", "Scintigraphie cardiaque d’effort", "Scintigrafia miocardica",
        "Myocardial scintigraphy",
    ),
    "Kardio-CT": (
        "Kardio-CT", "Cardio-CT", "Herz-CT", "CT Herz", "Herz-CT mit KM", "Koronar-CT", "Coroscanner",
        "Scanner cardiaque", "TC cardiaca", "TC cuore con mdc", "Cardiac CT",
    ),
    "Stressecho": (
        "Stressecho", "Stress-Echo", "Stressechokardiografie", "Échographie de stress", "Échographie d’effort",
        "Echo d'effort", "Ecostress", "Eco stress", "Stress echo", "Stress echocardiography",
    ),
    "Orthopädie: Erstvorstellung": (
        "Erstvorstellung", "Erstvorstellung Knie", "Neuvorstellung", "Première consultation", "Première consultation genou",
        "Prima visita", "Prima visita ortopedica", "First visit",
    ),
    "Ambulante Operation": (
        "Ambulante OP", "Ambulante Operation", "OP ambulant", "Arthroskopie Knie", "Chirurgie ambulatoire", "Arthroscopie",
        "Day surgery", "Artroscopia ginocchio", "Outpatient surgery",
    ),
    "Arbeitsunfall": (
        "Arbeitsunfall", "Wegeunfall", "D-Arzt", "BG-Sprechstunde", "Erstvorstellung Arbeitsunfall", "Accident du travail",
        "Première consultation accident du travail", "Infortunio sul lavoro", "Prima visita infortunio", "Work accident",
    ),
    "Biopsie": (
        "Biopsie", "Leberbiopsie", "Nierenbiopsie", "Schilddrüsenpunktion", "Biopsie unter Ultraschall", "Ultraschallgesteuerte Biopsie", "CT-gesteuerte Punktion",
        "Punktion Schilddrüse", "Biopsie hépatique", "Ponction", "Biopsia", "Agoaspirato tiroide", "Liver biopsy",
    ),
    "Ultraschall": (
        "Ultraschall", "Ultraschall Abdomen", "Sono Abdomen", "Abdomensono", "Ultraschall Niere", "Sonographie Schilddrüse", "Duplex Carotis", "Échographie",
        "Échographie abdominale", "Ecografia addome", "Ecocolordoppler", "Ultrasound abdomen",
    ),
}  # fmt: skip
OTHERS = (
    "Kontrolle", "Besprechung Befunde", "EKG", "Röntgen Thorax", "Consultation de suivi", "Visita di controllo",
    "Skelettszintigrafie", "Schilddrüsenszintigrafie", "Scintigraphie osseuse", "Knie", "Thorax", "OP-Besprechung",
    "Nachsorge", "Impfung", "Blutabnahme", "Abdomen", "Leber", "Schilddrüse", "Prima", "Ambulant", "Genou",
)  # fmt: skip
NAMES = [plan.type_name for pack in packs.NAMES for plan in packs.load(pack).plans]
CASES = [(name, text) for name, texts in TYPICAL.items() for text in texts]


def index(*names: str, language: str = "de") -> TypeIndex:
    plans = [plan for name in names for plan in packs.load(name).plans]
    return TypeIndex(
        [TypeWords(NAMES.index(plan.type_name), plan.name_in(language), plan.keywords) for plan in plans]
    )


EVERYTHING = {language: index(*packs.NAMES, language=language) for language in packs.LANGUAGES}
PACK_OF = {plan.type_name: name for name in packs.NAMES for plan in packs.load(name).plans}


def test_typical_texts_are_tried_for_every_type() -> None:
    assert set(TYPICAL) == set(NAMES)


@pytest.mark.parametrize(("name", "text"), CASES)
def test_a_typical_text_finds_its_type_and_no_other_in_its_pack_and_among_all(name: str, text: str) -> None:
    alone = index(PACK_OF[name]).match(text)
    assert (None if alone.id is None else NAMES[alone.id], alone.ambiguous) == (name, False)
    for language, types in EVERYTHING.items():
        found = types.match(text)
        assert (None if found.id is None else NAMES[found.id]) == name, (language, found)


@pytest.mark.parametrize("text", OTHERS)
def test_what_no_pack_knows_finds_none(text: str) -> None:
    for types in EVERYTHING.values():
        found = types.match(text)
        assert found.id is None, NAMES[found.id or 0]


@pytest.mark.parametrize("language", packs.LANGUAGES)
def test_every_keyword_and_name_finds_the_type_it_stands_for(language: str) -> None:
    types = EVERYTHING[language]
    wrong = [
        (plan.type_name, word)
        for pack in packs.NAMES
        for plan in packs.load(pack).plans
        for word in (*plan.keywords, *plan.names.values())
        if types.match(word).id != NAMES.index(plan.type_name)
    ]
    assert wrong == []
