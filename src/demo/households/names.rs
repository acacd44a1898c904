//! Name tables for synthetic persons: given names and surnames as people in the Netherlands have them. All combinations are
//! invented.

use super::person::Gender;

/// Names of one background.
#[derive(Clone, Copy)]
pub struct Background {
    /// `dutch`, `eu` or `non-eu`: the nationality group of most who bear such names.
    pub nationality_group: &'static str,
    /// Particle (tussenvoegsel, may be empty) and surname.
    pub surnames: &'static [(&'static str, &'static str)],
    female: &'static [&'static str],
    male: &'static [&'static str],
}

impl Background {
    /// Given names for a gender; for others than male and female, those of both lists serve.
    pub const fn given(&self, gender: Gender) -> &'static [&'static str] {
        match gender {
            Gender::Female => self.female,
            Gender::Male => self.male,
        }
    }
}

impl Default for Background {
    fn default() -> Self {
        DUTCH
    }
}

/// The backgrounds with how often each is drawn, of 100.
pub const BACKGROUNDS: [(usize, Background); 10] = [
    (48, DUTCH),
    (10, MOROCCAN),
    (9, TURKISH),
    (6, HINDUSTANI),
    (6, CREOLE),
    (7, POLISH),
    (4, ANTILLEAN),
    (4, SYRIAN),
    (3, MOLUCCAN),
    (3, FRISIAN),
];

const DUTCH: Background = Background {
    nationality_group: "dutch",
    surnames: &[
        ("", "Bakker"),
        ("de", "Boer"),
        ("van der", "Linden"),
        ("", "Schipper"),
        ("van", "Schaik"),
        ("", "Kuipers"),
        ("de", "Graaf"),
        ("", "Verhoeven"),
        ("van den", "Heuvel"),
        ("", "Molenaar"),
        ("ter", "Braak"),
        ("", "Dekker"),
        ("van 't", "Hof"),
        ("", "Wouters"),
        ("in 't", "Veld"),
        ("", "Koning"),
        ("", "Tuinman"),
        ("van der", "Zee"),
    ],
    female: &[
        "Anouk",
        "Marieke",
        "Sanne",
        "Ilse",
        "Willemijn",
        "Lotte",
        "Femke",
        "Roos",
        "Julia",
        "Evi",
        "Linda",
        "Petra",
        "Noa",
        "Saar",
        "Fleur",
        "Tess",
    ],
    male: &[
        "Daan", "Jeroen", "Bas", "Maarten", "Sander", "Thijs", "Luuk", "Ruben", "Stefan", "Peter", "Niels", "Joris", "Sem",
        "Finn", "Mees", "Kees",
    ],
};

const FRISIAN: Background = Background {
    nationality_group: "dutch",
    surnames: &[("", "Hoekstra"), ("", "Dijkstra"), ("", "Postma"), ("", "Wiersma"), ("", "Terpstra"), ("", "Sinnema")],
    female: &["Sjoukje", "Froukje", "Jeltje", "Tjitske", "Nynke", "Hiske"],
    male: &["Sietse", "Douwe", "Jelle", "Wiebe", "Tjeerd", "Fokke"],
};

const MOROCCAN: Background = Background {
    nationality_group: "dutch",
    surnames: &[
        ("", "El Amrani"),
        ("", "Bouzid"),
        ("", "Ait Taleb"),
        ("", "Benali"),
        ("", "El Idrissi"),
        ("", "Chafik"),
        ("", "Ouahbi"),
    ],
    female: &["Samira", "Naima", "Hafsa", "Yasmina", "Khadija", "Loubna", "Ikram", "Salma"],
    male: &["Rachid", "Youssef", "Mustapha", "Bilal", "Hamza", "Karim", "Ilias", "Anouar"],
};

const TURKISH: Background = Background {
    nationality_group: "dutch",
    surnames: &[("", "Yıldız"), ("", "Kaya"), ("", "Demir"), ("", "Aydın"), ("", "Koç"), ("", "Şahin"), ("", "Özdemir")],
    female: &["Elif", "Zeynep", "Ayşe", "Emine", "Derya", "Sevgi", "Melike", "Defne"],
    male: &["Mehmet", "Emre", "Ahmet", "Murat", "Can", "Hakan", "Yusuf", "Kerem"],
};

const HINDUSTANI: Background = Background {
    nationality_group: "dutch",
    surnames: &[("", "Ramdin"), ("", "Jagroep"), ("", "Bhageloe"), ("", "Kalpoe"), ("", "Mahabier"), ("", "Soekhai")],
    female: &["Shanti", "Anjali", "Priya", "Reshma", "Vidya", "Sunita"],
    male: &["Rakesh", "Vikash", "Anand", "Ravi", "Soeraj", "Dinesh"],
};

const CREOLE: Background = Background {
    nationality_group: "dutch",
    surnames: &[("", "Pinas"), ("", "Zeefuik"), ("", "Blijd"), ("", "Kromosoeto"), ("", "Esajas"), ("", "Vriesde")],
    female: &["Cheryl", "Maureen", "Jennifer", "Lucinda", "Faith", "Shaniqua"],
    male: &["Romeo", "Clyde", "Winston", "Jermaine", "Errol", "Dwight"],
};

const ANTILLEAN: Background = Background {
    nationality_group: "dutch",
    surnames: &[("", "Martina"), ("", "Maduro"), ("", "Croes"), ("", "Rosalia"), ("", "Winklaar"), ("", "Isenia")],
    female: &["Jurena", "Charlotte", "Xiomara", "Gislaine", "Rosaly", "Tamara"],
    male: &["Elvin", "Curtis", "Raymond", "Jairo", "Gilbert", "Quincy"],
};

const POLISH: Background = Background {
    nationality_group: "eu",
    surnames: &[("", "Kowalczyk"), ("", "Wójcik"), ("", "Mazur"), ("", "Krawczyk"), ("", "Nowicki"), ("", "Zając")],
    female: &["Agnieszka", "Katarzyna", "Magda", "Zuzanna", "Ewa", "Alicja"],
    male: &["Piotr", "Tomasz", "Paweł", "Jakub", "Krzysztof", "Marek"],
};

const SYRIAN: Background = Background {
    nationality_group: "non-eu",
    surnames: &[("", "Al Khatib"), ("", "Haddad"), ("", "Darwish"), ("", "Al Masri"), ("", "Nassar"), ("", "Kassab")],
    female: &["Rima", "Hala", "Nour", "Lama", "Rana", "Dima"],
    male: &["Omar", "Khaled", "Firas", "Samer", "Tarek", "Amjad"],
};

const MOLUCCAN: Background = Background {
    nationality_group: "dutch",
    surnames: &[("", "Pattiasina"), ("", "Tahitu"), ("", "Sahetapy"), ("", "Manuhutu"), ("", "Latuheru")],
    female: &["Nona", "Bettie", "Yolanda", "Dinah", "Ruth"],
    male: &["Jopie", "Otis", "Ferdi", "Semuel", "Donny"],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_make_a_hundred_and_no_list_is_short() {
        assert_eq!(BACKGROUNDS.iter().map(|(weight, _)| weight).sum::<usize>(), 100);
        for (_, background) in BACKGROUNDS {
            assert!(background.surnames.len() >= 5);
            assert!([Gender::Female, Gender::Male].into_iter().all(|gender| background.given(gender).len() >= 5));
        }
    }
}
