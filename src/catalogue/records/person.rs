//! Who someone is, where they live, with whom: `identity`, `address`, `household`.

use super::scalar::{Band, Code, Day, Letter, Person, PseudonymText, Text};
use super::{form, signal};

form! {
    /// C01, exact.
    IdentityExact {
        /// Given names (voornamen).
        given_names: Text,
        /// Initials (voorletters).
        initials: Text,
        /// Particle of the surname (tussenvoegsel).
        particle: Text,
        /// Surname (achternaam).
        surname: Text,
        /// Date of birth.
        birth_date: Day,
        /// Date of death.
        death_date: Day,
        /// Gender, coded.
        gender: Code,
        /// Nationality as a group, coded.
        nationality_group: Code,
    }
}

form! {
    /// C01, reduced.
    IdentityReduced {
        /// Age band.
        age_band: Band,
        /// Gender, coded.
        gender: Code,
        /// The subject's pseudonym, filled in by the gateway.
        pseudonym: PseudonymText,
    }
}

signal! {
    /// C01, signal: the source knows the person.
    IdentitySignal, known
}

form! {
    /// C03, exact. Of a secret address only `secret` is left, except where the policies say otherwise.
    AddressExact {
        /// Street.
        street: Text,
        /// House number with its addition.
        house_number: Text,
        /// Postcode.
        postcode: Text,
        /// Place of residence (woonplaats).
        city: Text,
        /// Telephone.
        phone: Text,
        /// E-mail.
        email: Text,
        /// The address is secret.
        secret: bool,
    }
}

form! {
    /// C03, reduced.
    AddressReduced {
        /// Municipality; absent when the address is secret.
        municipality: Text,
        /// The address is secret.
        secret: bool,
    }
}

signal! {
    /// C03, signal: the source knows an address.
    AddressSignal, known
}

form! {
    /// A member of the household, exact.
    MemberExact {
        /// Who, as letter and age band.
        person: Person,
        /// The member's pseudonym, filled in by the gateway.
        pseudonym: PseudonymText,
        /// Role in the household.
        role: Code,
        /// Relation to the subject.
        relation: Code,
        /// Custody (gezag).
        custody: Code,
        /// Member since.
        since: Day,
        /// Member until.
        until: Day,
    }
}

form! {
    /// C04, exact.
    HouseholdExact {
        /// The other members.
        members: Vec<MemberExact>,
    }
}

form! {
    /// A member of the household, reduced.
    MemberReduced {
        /// The member's pseudonym, filled in by the gateway.
        pseudonym: PseudonymText,
        /// Letter of the role, such as `A1` or `K1`.
        letter: Letter,
        /// Age band.
        age_band: Band,
        /// Relation to the subject.
        relation: Code,
        /// Custody (gezag).
        custody: Code,
    }
}

form! {
    /// C04, reduced.
    HouseholdReduced {
        /// The other members.
        members: Vec<MemberReduced>,
    }
}

signal! {
    /// C04, signal: the subject shares a household now.
    HouseholdSignal, shared_household
}
