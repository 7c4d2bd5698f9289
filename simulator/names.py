"""First and last names by country of the office, written in ASCII so that they serve as login names too."""

from __future__ import annotations

_ENGLISH = (
    "Olivia Amelia Emily Grace Hannah Chloe Sarah Megan James Oliver Harry Thomas William Daniel Jack Samuel",
    "Smith Jones Taylor Brown Wilson Evans Walker Wright Green Hall Wood Clarke Hughes Edwards Turner Parker Cooper",
)

NAMES: dict[str, tuple[str, str]] = {
    "GB": _ENGLISH,
    "DE": (
        "Anna Lena Katharina Julia Sabine Miriam Petra Nora Lukas Jonas Felix Stefan Markus Tobias Jan Matthias",
        "Keller Fischer Weber Wagner Becker Hoffmann Schulz Koch Richter Klein Wolf Neumann Braun Zimmermann Hartmann",
    ),
    "US": (
        "Ashley Madison Jennifer Nicole Rachel Maria Lauren Diane Michael Tyler Kevin Brandon Carlos Eric Justin Ryan",
        "Johnson Miller Davis Garcia Martinez Anderson Thompson Nguyen Lee Robinson Torres Adams Baker Nelson Carter",
    ),
    "IN": (
        "Ananya Priya Divya Kavya Meera Sneha Pooja Lakshmi Arjun Rahul Vikram Karthik Rohan Suresh Aditya Nikhil",
        "Sharma Iyer Reddy Patel Nair Rao Gupta Menon Kulkarni Joshi Bhat Desai Chandra Verma Krishnan Pillai",
    ),
    "SG": (
        "Mei Jia Hui Xin Yan Siti Nurul Li Wei Jun Kai Ming Hafiz Zhi Ravi Darren",
        "Tan Lim Ng Wong Chua Goh Ong Koh Teo Ang Yeo Chan Rahman Sim Low",
    ),
    "AU": _ENGLISH,
    "BR": (
        "Ana Beatriz Camila Fernanda Juliana Larissa Mariana Paula Bruno Diego Felipe Gustavo Lucas Mateus Thiago",
        "Silva Santos Oliveira Souza Lima Pereira Ferreira Costa Rodrigues Almeida Nascimento Carvalho Araujo Ribeiro",
    ),
    "PL": (
        "Agnieszka Joanna Magdalena Monika Karolina Natalia Ewelina Zofia Piotr Krzysztof Tomasz Marcin Michal Jakub",
        "Nowak Kowalski Wisniewski Wojcik Kaminski Lewandowski Zielinski Szymanski Dabrowski Mazur Krawczyk Piotrowski",
    ),
    "ES": (
        "Carmen Lucia Marta Elena Cristina Laura Irene Pilar Alejandro Javier Pablo Sergio Diego Raul Alvaro Hugo",
        "Moreno Navarro Romero Serrano Molina Ortega Delgado Castro Vega Ramos Gil Cano Prieto Herrera Medina Iglesias",
    ),
}
